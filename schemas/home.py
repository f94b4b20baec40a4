"""Where this program is, and where a run leaves what it keeps beside ZenML's own store."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the first-party packages: the repository, or a Bento's copy of what its service needs."""


@dataclass(frozen=True)
class Home:
    """The folder `DRIVETRAIN_HOME`; nothing is created before something is written."""

    root: Path

    @classmethod
    def here(cls) -> "Home":
        """Return the folder that the environment names, else `.drivetrain` in the current folder."""
        return cls(Path(os.environ.get("DRIVETRAIN_HOME") or ".drivetrain").resolve())

    def cache(self, name: str) -> Path:
        """Return a folder or file of what may be removed at any time and only costs time then."""
        return self.root / "cache" / name

    def report(self, model: str, kind: str, run: str) -> Path:
        """Return the file of the HTML report that a run of ZenML left, by the run's id."""
        return self.root / "reports" / model / f"{kind}-{run[:8]}.html"
