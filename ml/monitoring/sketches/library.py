"""Apache DataSketches, on first use: what only reads sketches needs none of it."""

from typing import Any


def library() -> Any:
    """Return the module."""
    import datasketches

    return datasketches
