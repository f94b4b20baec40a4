"""What is wrong with the rows that were refused: a CSV file, there only when a row was."""

import csv
import io
import json
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from shutil import copyfile
from typing import Any

from ml.io.new_file import NewFile
from ml.validation.row_errors import RowError
from schemas.errors import ContentError

_HEADER = ("row", "column", "message", "content")


def is_errors_file(path: Path) -> bool:
    """Say whether a file begins as those do that are written here."""
    first = ",".join(_HEADER).encode()
    try:
        with path.open("rb") as file:
            return file.read(len(first) + 1).rstrip() == first
    except OSError:
        return False


class ErrorsFile:
    """The file being written; `count` rows are in it."""

    def __init__(self, target: Path, *, replace: bool = False) -> None:
        self.target, self._replace = target, replace
        self.count = 0
        self._earlier: Path | None = None
        self.first = ""
        self._new: NewFile | None = None
        self._text: io.TextIOWrapper | None = None

    def add(self, row: int, error: RowError, content: dict[str, Any]) -> None:
        """Note a refused row: its number in the input, from 1, and its cells. Raises ContentError."""
        if self._text is None:
            self._new = NewFile(self.target, replace=self._replace and is_errors_file(self.target))
            # A cell may hold what UTF-8 cannot, and that may be why it was refused.
            self._text = io.TextIOWrapper(self._new.file, encoding="utf-8", errors="backslashreplace", newline="")
            self._line(_HEADER)
        column = "" if error["column"] is None else error["column"]
        self._line((row, column, error["message"], json.dumps(content, ensure_ascii=False)))
        if not self.count:
            self.first = f"row {row}, {column + ': ' if column else ''}{error['message']}"
        self.count += 1

    def prepare(self) -> None:
        """Force the file to disk. Raises ContentError."""
        if self._new is not None and self._text is not None:
            try:
                self._text.flush()
            except OSError as error:
                raise ContentError(f"{self.target} cannot be written: {error.strerror}") from error
            self._new.prepare()

    def publish(self) -> None:
        """Give the file its name, if there is anything in it. Raises ContentError when the name is taken by now."""
        if self._new is None:
            return
        if self._replace and is_errors_file(self.target):
            # Another name for what an earlier run refused, until the predictions are there too.
            self._earlier = self._kept()
        try:
            self._new.publish()
        except ContentError:
            if self._earlier is not None:
                self._earlier.unlink(missing_ok=True)
            raise

    def _kept(self) -> Path:
        earlier = self.target.with_name(f".{self.target.name[:50]}.{token_hex(4)}.earlier")
        try:
            copyfile(self.target, earlier)  # a link would do, where the file system has any
        except OSError as error:
            earlier.unlink(missing_ok=True)
            raise ContentError(f"{self.target} cannot be replaced: {error.strerror}") from error
        return earlier

    def clear(self) -> None:
        """Remove what an earlier run refused, once the predictions are there that take the earlier ones' place."""
        if self._earlier is not None:
            self._earlier.unlink(missing_ok=True)
        if self._replace and self._new is None and is_errors_file(self.target):
            self.target.unlink(missing_ok=True)

    def withdraw(self) -> None:
        """Take a published file back; what an earlier run refused is there again."""
        if self._new is not None:
            self._new.withdraw()
        if self._earlier is not None:
            self._earlier.replace(self.target)

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `publish`."""
        if self._new is not None and self._text is not None:
            with suppress(OSError, ValueError):  # the disk is full, or the file was published
                self._text.close()
            self._new.abort()

    def _line(self, cells: tuple[Any, ...]) -> None:
        assert self._text is not None, "opened first"
        try:
            csv.writer(self._text).writerow(cells)
        except OSError as error:
            raise ContentError(f"{self.target} cannot be written: {error.strerror}") from error
