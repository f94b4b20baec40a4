"""What a replica of a service can do: a copy of it is loaded until it is too slow."""
