"""The forms a packaged model has, and how each is loaded and asked."""
