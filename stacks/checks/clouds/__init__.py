"""What a cloud would refuse of a declared stack; pure functions, without ZenML, network and credentials."""
