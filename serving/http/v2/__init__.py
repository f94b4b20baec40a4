"""The Open Inference Protocol v2 over REST: metadata, health, and inference by JSON and binary tensors."""
