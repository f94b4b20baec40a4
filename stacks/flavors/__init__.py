"""Our ZenML flavors, one file each."""
