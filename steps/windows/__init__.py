"""Windows: series as rows of a past and what came after."""
