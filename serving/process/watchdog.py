"""The process that starts a service's supervisor again when it is gone."""

import os
import sys
import time
from pathlib import Path

from ml.io.held_file import held
from serving.process import kept_alive

_LOOK_SECONDS = 0.1


def main(settings: Path) -> None:
    """Watch in the background, as nobody's child, until the service is not wanted; a second watchdog ends at once."""
    try:
        if os.fork():
            os._exit(0)
    except OSError as error:
        kept_alive.say(f"the service's watchdog cannot be started: {error.strerror}")
        return  # its supervisor sees that there is none
    with held(kept_alive.lock_path(settings, "watchdog")) as mine:
        if mine:
            _watch(settings)


def _watch(settings: Path) -> None:
    child, wait = None, 0.0
    while kept_alive.is_wanted(settings):
        time.sleep(_LOOK_SECONDS)
        if child is not None and (code := child.poll()) is not None:
            wait = kept_alive.longer(wait) if code > 0 else 0.0  # killed: it had worked
            child = None
        if child is not None or kept_alive.may_live(settings, "supervisor"):
            continue
        time.sleep(wait)
        if kept_alive.is_wanted(settings):
            kept_alive.say(f"the service's supervisor is gone; starting it again{f' after {wait:g} s' if wait else ''}")
            try:
                child = kept_alive.start(settings, "supervisor")
            except OSError as error:
                wait = kept_alive.longer(wait)
                kept_alive.say(f"the service's supervisor cannot be started: {error.strerror}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
