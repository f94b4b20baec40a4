"""Keys by which a configuration could name code to import: none may hold one, whatever column has that name."""

from typing import Any

_CODE_KEYS = {"_target_", "_partial_", "_recursive_", "_convert_", "_args_"}


def names_code(key: Any) -> bool:
    """Say whether a key of a configuration is one of those, however it is spelled."""
    return isinstance(key, str) and key.strip().casefold() in _CODE_KEYS
