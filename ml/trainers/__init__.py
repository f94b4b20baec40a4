"""Slot `train`: what fits a model. A module for each family; scikit-learn is imported only when it is chosen."""
