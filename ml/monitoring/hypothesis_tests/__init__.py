"""The hypothesis tests that compare a column of a window with that of the reference, one file each."""
