"""Single values: read as numbers, dates and labels, written canonically, shown to people."""
