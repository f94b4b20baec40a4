"""What is wrong with a declared stack, found before anything runs."""
