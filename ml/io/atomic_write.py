"""A small file that is seen whole or not at all, and takes the place of the one before.

A killed process leaves the partial file, `.NAME.….partial`, which nothing reads and which the next run removes where it
is in DRIVETRAIN_HOME.
"""

import os
from pathlib import Path

from ml.io.scratch import partial_file


def write_whole(target: Path, content: str | bytes, *, private: bool = False) -> Path:
    """Write a file, with the folders above it; return its path.

    Args:
        target: Where it is to be; whoever opens it meanwhile finds the one before.
        content: Text is written as UTF-8.
        private: Whether only the owner may read it; other files are for whom the process' umask lets in.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_file(target)
    mode = 0o600 if private else 0o666
    try:
        with open(partial, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        error.filename = error.filename or str(target)  # a write says why it failed, and not where
        raise
    finally:
        partial.unlink(missing_ok=True)
    return target
