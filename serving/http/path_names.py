"""What may stand in braces in the path of an endpoint."""

MODEL, VERSION = "model_name", "model_version"
