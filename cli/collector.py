"""When Python looks for objects that only hold each other: hardly while a command imports, now and then as it works."""

import gc

_IMPORTING = 1_500_000
"""More objects than all imports of a run leave: to walk them again and again takes 0.3 s, and frees nothing."""
_WORKING = (100_000, 50, 100)
"""Seldomer than Python would by itself (700): the frames, rows and plans of a run are no circles."""


def imports_begin() -> None:
    """Let a process import in peace."""
    gc.set_threshold(_IMPORTING, 50, 100)


def work_begins(much_is_left: bool) -> None:
    """Look now and then from now on, but never at what is there already; nothing is changed in another program.

    Args:
        much_is_left: Whether what was done so far has left much that nobody holds: it is let go of first.
    """
    if gc.get_threshold()[0] != _IMPORTING:
        return
    if much_is_left:
        gc.collect()
    gc.freeze()
    gc.set_threshold(*_WORKING)
