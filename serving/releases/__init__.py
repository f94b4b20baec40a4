"""Which version predicts: events, publishing, following, loaded packages."""
