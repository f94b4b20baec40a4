"""Pydantic models: what a valid run, stack, signature, package, release and summary are."""
