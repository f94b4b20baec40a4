"""When Python looks for objects that only hold each other: hardly while a command imports, as ever once it works."""

import gc

_IMPORTING = 1_500_000
"""More objects than all imports of a run leave: to walk them again and again takes 0.3 s, and frees nothing."""
_WORKING = (100_000, 50, 100)


def imports_begin() -> None:
    """Let a process import in peace."""
    gc.set_threshold(_IMPORTING, 50, 100)


def work_begins() -> None:
    """Look as often as ever from now on, but never at what was imported; nothing is changed in another program."""
    if gc.get_threshold()[0] == _IMPORTING:
        gc.freeze()
        gc.set_threshold(*_WORKING)
