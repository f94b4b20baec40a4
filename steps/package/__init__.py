"""Package: the model package and its registration."""
