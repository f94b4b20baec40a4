"""Series in time: their grid, windows of the past, features that never see the future, baselines, intervals."""
