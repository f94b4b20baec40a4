"""Source `json_lines`: a JSON object a line."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

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
        """Return all rows. Raises ContentError for a line that is no JSON object; one of blanks is passed over."""
        import pandas as pd

        with Path(self.params.path).open("rb") as file:
            return pd.DataFrame([self._row(number, line) for number, line in enumerate(file, 1) if line.strip()])

    def _row(self, number: int, line: bytes) -> dict[str, Any]:
        where = f"{self.params.path}, line {number},"
        try:
            row = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
        except UnicodeDecodeError as error:
            raise ContentError(f"{where} is no text in UTF-8") from error
        except (ValueError, RecursionError) as error:
            raise ContentError(f"{where} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise ContentError(f'{where} is no JSON object, {{"column": value}}')
        return row


def _no_constant(name: str) -> Any:
    """Refuse what Python's reader would take beside JSON."""
    raise ValueError(f"{name} is no value of JSON, null is")
