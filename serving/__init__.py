"""The BentoML service: validation, answers, journal, publishing, and the operators' command."""
