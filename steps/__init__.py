"""ZenML steps: adapters of a few lines, a folder per slot, and the registry of components."""
