"""Alert: what a verdict means to people, through the stack's alerter."""
