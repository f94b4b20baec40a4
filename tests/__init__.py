"""The tests; a package of its own, so that no installed package of this name is taken for it."""
