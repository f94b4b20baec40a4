"""Slot `train`: what fits a model. A module for each family; scikit-learn and Keras are imported only when chosen."""
