"""Keys that clients of a service show: made, kept as hashes, revoked."""
