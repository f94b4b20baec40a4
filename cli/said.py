"""A word on stderr. Light: every command begins with it."""

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Write to stderr where somebody still reads it: Ctrl-C ends a `tee` behind us, too."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()
