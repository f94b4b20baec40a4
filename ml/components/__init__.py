"""What a component of each kind offers: bases with sensible defaults, one module a kind; nothing heavy is imported."""
