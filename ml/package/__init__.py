"""The model package: built, sealed, verified, opened, described."""
