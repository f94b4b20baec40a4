"""What `run.py` and the command `drivetrain` are: the command line in a process that is watched.

Light: the process that watches imports no more than this, and Ctrl-C counts from here on.
"""

import gc
import sys
from typing import NoReturn

from cli.collector import imports_begin
from cli.watchdog import watched


def program() -> NoReturn:
    """Run the command line of this process and end it."""
    imports_begin()
    code = watched(_command)
    gc.freeze()
    sys.exit(code)


def _command() -> int:
    from cli.main import main
    from ml.io.broken_pipe import to_its_end

    return to_its_end(lambda: main(sys.argv[1:]))
