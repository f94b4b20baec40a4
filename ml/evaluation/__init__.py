"""How good a model is: metrics, learning curves, plots, the report."""
