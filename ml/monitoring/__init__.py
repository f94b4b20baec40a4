"""Windows of predictions against the training rows: profiles, tests, verdicts, labels, the report."""
