"""ZenML steps: adapters of a few lines, a folder for each kind, and the registry of components."""
