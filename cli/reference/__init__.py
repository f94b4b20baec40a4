"""The pages under docs/reference, made from the schemas."""
