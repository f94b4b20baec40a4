"""The service as a process: built, started, found again, stopped."""
