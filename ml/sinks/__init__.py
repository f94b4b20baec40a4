"""Where predicted rows go, a module for each kind of output."""
