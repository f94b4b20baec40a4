"""The BentoML service: validation, predictions, journal, publishing, and the operators' command."""
