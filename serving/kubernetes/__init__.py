"""A service in a cluster: its manifests, and what a cluster would refuse of some."""
