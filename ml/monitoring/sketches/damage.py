"""What is wrong with the bytes of a sketch."""


class SketchError(ValueError):
    """The bytes are no sketch of ours, or contradict themselves."""


def require(holds: bool, what: str) -> None:
    """Raise a SketchError that names what does not hold."""
    if not holds:
        raise SketchError(what)
