"""scikit-learn's estimators: catalogue, presets, the fitted pipeline, export."""
