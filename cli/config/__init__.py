"""From words and YAML to a checked `Run`, or to all of its faults at once."""
