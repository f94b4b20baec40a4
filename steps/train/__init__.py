"""Train: a trained and exported model."""
