"""Running ZenML pipelines in order: session, context, progress, outcome."""
