"""Slot train: a trained and exported model."""
