"""Rollouts that run: what the journal says of two versions, the controller that decides by it, and its operators."""
