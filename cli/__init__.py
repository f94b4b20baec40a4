"""The command line: the only place that knows Hydra, and the only place that talks to a person."""
