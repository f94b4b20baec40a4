"""Which version answers: events, publishing, following, loaded packages."""
