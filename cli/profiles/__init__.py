"""`python -m cli.profiles`: profiles for people."""
