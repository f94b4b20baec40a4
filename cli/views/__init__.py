"""What a person sees on the terminal: plans, components, configurations, tables."""
