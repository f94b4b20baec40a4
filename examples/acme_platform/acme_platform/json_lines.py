"""Source `json_lines`: a JSON object a line."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from drivetrain import ContentError, Fault, Source, Strict

if TYPE_CHECKING:
    import pandas as pd


class JsonLinesParams(Strict):
    """Where the file is."""

    path: str = Field(min_length=1, description="a local path")


class JsonLines(Source):
    """Rows of a file of JSON Lines; a key that a line lacks is a missing value."""

    Params = JsonLinesParams
    params: JsonLinesParams
    endings: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")

    @property
    def label(self) -> str:
        """The file's name without its ending."""
        return Path(self.params.path).stem

    def preflight(self) -> list[Fault]:
        """Return a fault where there is no such file."""
        if Path(self.params.path).is_file():
            return []
        return [Fault("path", f"there is no file {self.params.path}", "name a file of JSON Lines")]

    def fingerprint(self) -> str | None:
        """Return size and time of the last change."""
        found = Path(self.params.path).stat()
        return f"{found.st_size} {found.st_mtime_ns}"

    def read(self) -> "pd.DataFrame":
        """Return all rows. Raises ContentError for a line that is no JSON object."""
        import pandas as pd

        try:
            return pd.read_json(self.params.path, lines=True, dtype=False)
        except ValueError as error:
            raise ContentError(f"{self.params.path} is not JSON Lines: {error}") from error
