"""What was parsed from Python files, kept between processes: to parse all of them takes longer than a warm run may.

One JSON file, by the SHA-256 of a file's bytes. It may be removed at any time; what cannot be read is as good as none.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from ml.io.atomic_write import write_whole
from ml.source_code.python_file import PythonFile, method, parse
from schemas.base import Strict

_MOST = 3000
"""Files kept: about ten times what the program has, so that switching between branches parses nothing again."""


class _Stored(Strict):
    method: str
    files: dict[str, PythonFile]


class ParseCache:
    """The parsed files of the cache file `path`; with None they live as long as this object."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known = _load(path)
        self._used: dict[str, PythonFile] = {}

    def parsed(self, path: Path) -> PythonFile:
        """Return what the file at `path` holds now. Raises SyntaxError if it is not Python."""
        content = path.read_bytes()
        key = hashlib.sha256(content).hexdigest()
        self._used[key] = self._known.get(key) or self._used.get(key) or parse(content, str(path))
        return self._used[key]

    def save(self) -> None:
        """Write what is new, beside what other processes wrote meanwhile; of two at once one is lost and parsed again.

        A folder that cannot be written costs the next process its time, and ends nothing.
        """
        if self._path is None or self._used.keys() <= self._known.keys():
            return
        files = _load(self._path) | self._used
        self._known = files if len(files) <= _MOST else dict(self._used)
        with suppress(OSError):
            write_whole(self._path, _Stored(method=method(), files=self._known).model_dump_json())


def _load(path: Path | None) -> dict[str, PythonFile]:
    if path is None:
        return {}
    try:
        stored = _Stored.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}
    return stored.files if stored.method == method() else {}
