"""Connections are open files, and a process may have few of them unless it asks for more."""

import logging
import resource

logger = logging.getLogger("bentoml.drivetrain")
_BESIDES = 500  # connections past the limit that are told so, packages, the journal, libraries


def raise_file_limit(connections: int) -> None:
    """Let this process open files for so many connections; what the machine does not allow is in the log."""
    wanted = connections + _BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        logger.warning(
            "this machine allows %d open files, too few for deploy.max_connections=%d: raise the limit (ulimit -Hn)",
            most,
            connections,
        )
