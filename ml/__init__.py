"""Pure functions and classes on frames and arrays; no ZenML, no Hydra, no BentoML."""
