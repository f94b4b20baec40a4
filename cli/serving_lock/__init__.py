"""`serving.lock`: what a service needs to run, of all that `requirements.lock` has, by the runtime of its package."""
