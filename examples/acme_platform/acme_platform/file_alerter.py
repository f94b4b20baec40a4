"""Flavor `acme_file`: an alerter that appends its messages to a file, a JSON object a line.

A flavor is a class of ZenML's, so that this module imports `zenml` beside `drivetrain`; no component does.
"""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import Field, field_validator
from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterConfig, BaseAlerterFlavor

from drivetrain import StorageError

if TYPE_CHECKING:
    from zenml.alerter.base_alerter import BaseAlerterStepParameters


class FileAlerterConfig(BaseAlerterConfig):
    """Which file, and how long to wait for others that write to it."""

    path: str = Field(description="the file, an absolute path or one under ~/; its folder is made")
    wait: float = Field(default=10.0, gt=0, le=600, description="seconds to wait for others that write to it")

    @field_validator("path")
    @classmethod
    def _is_the_same_file_from_every_folder(cls, path: str) -> str:
        if not path.startswith("~/") and not Path(path).is_absolute():
            raise ValueError("steps run in other folders: say where the file is from the root on, or under ~/")
        return path

    @property
    def is_local(self) -> bool:
        """The file is where the step runs."""
        return True


class FileAlerter(BaseAlerter):
    """Appends whole lines: writers wait for each other, and a line that a killed one left torn is closed."""

    def post(self, message: str, params: "BaseAlerterStepParameters | None" = None) -> bool:
        """Append a message; it is on the disk when this returns. Raises StorageError when it cannot be written."""
        self._append({"kind": "message", "text": message})
        return True

    def ask(self, question: str, params: "BaseAlerterStepParameters | None" = None) -> bool:
        """Append a question and return False: nobody answers in a file, and silence is no approval."""
        self._append({"kind": "question", "text": question})
        return False

    def _append(self, entry: dict[str, str]) -> None:
        from filelock import FileLock, Timeout

        settings = cast(FileAlerterConfig, self.config)
        path = Path(settings.path).expanduser()
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps({"time": now, **entry}, ensure_ascii=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{path}.lock", timeout=settings.wait), path.open("a+b") as file:
                file.write((_unfinished(file.fileno()) + line).encode())
                file.flush()
                os.fsync(file.fileno())
        except Timeout as error:
            raise StorageError(
                f"{path} is locked for more than {settings.wait:g} s", "look for who holds it"
            ) from error
        except OSError as error:
            raise StorageError(f"no alert can be written to {path}: {error.strerror}", "name another file") from error


def _unfinished(descriptor: int) -> str:
    """Return what closes the last line of an open file: nothing, or a line feed where a writer was killed in it."""
    size = os.fstat(descriptor).st_size
    return "\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else ""


class FileAlerterFlavor(BaseAlerterFlavor):
    """Alerts as lines of a file: for a first try, and for a collector of logs that reads the file."""

    @property
    def name(self) -> str:
        """The name that a stack's YAML chooses it by, which is that of the entry point."""
        return "acme_file"

    @property
    def config_class(self) -> type[FileAlerterConfig]:
        """Its settings."""
        return FileAlerterConfig

    @property
    def implementation_class(self) -> type[FileAlerter]:
        """What does the work."""
        return FileAlerter
