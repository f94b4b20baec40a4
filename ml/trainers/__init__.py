"""Component kind `train`: what fits a model. scikit-learn and Keras are imported only when chosen."""
