"""Steps on a Ray cluster: one started here, or one that is there."""
