"""What is wrong with the bytes of a sketch."""

from collections.abc import Callable
from typing import Any


class SketchError(ValueError):
    """The bytes are no sketch of ours, or contradict themselves."""


def require(holds: bool, what: str) -> None:
    """Raise a SketchError that names what does not hold."""
    if not holds:
        raise SketchError(what)


def loaded(deserialize: Callable[[bytes], Any], image: bytes) -> Any:
    """Return the library's object of a sketch's bytes. Raises SketchError where it finds fault with them."""
    try:
        return deserialize(image)
    except (ValueError, LookupError, RuntimeError) as error:  # as which the exceptions of C++ arrive
        raise SketchError(f"it cannot be loaded: {error}") from error
