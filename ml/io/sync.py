"""Forcing a folder's entries to disk: after it, a rename survives a power cut."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
