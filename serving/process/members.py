"""The living processes of a service, known by the settings they were given."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

VARIABLE = "DRIVETRAIN_SERVICE"
SUPERVISOR = "DRIVETRAIN_SUPERVISOR"
PLACE = "DRIVETRAIN_PLACE"
"""The number of a worker among those of its service, from 1 on."""
LEAVING = "DRIVETRAIN_LEAVING"
"""The descriptor by which a worker tells its supervisor that it is about to end."""
LOOKED_AFTER = "DRIVETRAIN_LOOKED_AFTER"
"""Set where systemd, or something like it, starts the service again: it needs no watchdog."""

_OURS = ("bentoml", "serving.process.", "serving.releases.")
_WATCHDOG = "serving.process.watchdog"
_POLITE_SECONDS, _STOP_SECONDS = 0.7, 5.0


def members(settings: Path) -> "list[psutil.Process]":
    """Return the living processes of a service: supervisor, watchdog, worker and what this one started.

    So those are found too whose parent was killed, and those of a service whose record was lost.
    """
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if process.info["status"] == psutil.STATUS_ZOMBIE or not any(ours in word for word in words for ours in _OURS):
            continue
        try:
            if process.environ().get(VARIABLE) == str(settings):
                found.append(process)
        except psutil.Error:  # ended meanwhile, or somebody else's
            continue
    return found


def end_those_left(settings: Path) -> None:
    """End what an earlier supervisor left: they would keep the port, and answer beside the new worker."""
    import psutil

    found = [
        one for one in members(settings) if one.pid != os.getpid() and _WATCHDOG not in (one.info["cmdline"] or ())
    ]
    for signal in ("terminate", "kill"):
        for process in found:
            with suppress(psutil.NoSuchProcess):
                getattr(process, signal)()
        _, found = psutil.wait_procs(found, timeout=_POLITE_SECONDS if signal == "terminate" else _STOP_SECONDS)
