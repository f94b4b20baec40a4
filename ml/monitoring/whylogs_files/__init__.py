"""The files of whylogs, read and written; nothing else of ours needs that library."""
