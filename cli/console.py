"""Where a person reads: stdout and stderr, either of which may have lost its reader."""

import os
from pathlib import Path

from rich.console import Console


class Output(Console):
    """Stdout: where nobody reads it any more, the command ends as shells expect it to (`ml.io.broken_pipe`)."""

    def on_broken_pipe(self) -> None:
        """Raise what `to_its_end` knows; rich would end the process with another code."""
        raise BrokenPipeError


class Progressing(Console):
    """Stderr, with how a run goes on: a run does not end because nobody reads that."""

    def __init__(self) -> None:
        super().__init__(stderr=True)

    def on_broken_pipe(self) -> None:
        """Write nowhere from now on."""
        self.file = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  until the process ends
