"""ZenML steps: adapters of a few lines, a folder for each part of a pipeline, and the registry of components."""
