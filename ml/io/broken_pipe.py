"""A command whose output nobody reads to its end: `… | head`."""

import os
import sys
from collections.abc import Callable

GONE = 141
"""The exit code of it: what shells give for a program that SIGPIPE ends."""


def to_its_end(command: Callable[[], int]) -> int:
    """Run a command and return its exit code; 141 without a word when the reader of its output went away."""
    try:
        code = command()
        if sys.stdout is not None:  # closed by whoever started us
            sys.stdout.flush()
    except BrokenPipeError:
        if not _is_broken():
            raise
        # What is still buffered would be complained of when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GONE
    return code


def _is_broken() -> bool:
    """Say whether it was the output that broke, and not some connection."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return True
    return False
