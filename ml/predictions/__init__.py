"""What a model predicts: the arrays, the table they become, and which are routed to review."""
