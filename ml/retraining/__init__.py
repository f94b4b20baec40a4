"""Retraining: new labelled rows beside those of training, checked by who labelled them."""
