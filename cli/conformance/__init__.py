"""`make conformance`: the conformance suite over everything that is installed, ours and theirs."""
