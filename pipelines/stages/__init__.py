"""What a pipeline does beside its ZenML run: its part of the summary."""
