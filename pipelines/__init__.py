"""ZenML pipelines: wiring only, and the conductor that runs them in order."""
