"""Where a file that is not there was looked for."""

from schemas.errors import Fault


def where_looked(fault: Fault) -> str:
    """Return where a file is looked for, when there is none."""
    if fault.path != "path" or not fault.message.startswith("there is no file"):
        return ""
    return (
        "a relative path is looked for in the current folder; one that the experiment declares also beside its file "
        "and under --config-dir"
    )
