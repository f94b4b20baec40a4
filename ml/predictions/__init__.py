"""What a model predicts: the arrays, the table they become, and when a person should look."""
