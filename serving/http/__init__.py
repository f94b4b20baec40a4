"""The service's endpoints: bodies in, predictions and errors out."""
