"""Which first-party files a module reaches, found by following its imports, and a digest of them.

Imports are read from the source, not executed. A table of places, strings such as `ml.runtimes.onnx:load`, imports what
it names. That holds in `ml/` and `serving/`: the tables of `steps/` and `schemas/` name every component and pipeline
there is, and who looks one up there names its module to the walk.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from ml.source_code.parse_cache import ParseCache
from ml.source_code.python_file import PACKAGES, PythonFile
from ml.source_code.templates import template_files
from schemas.home import ROOT, Home

_FOLLOWED_TABLES = ("ml", "serving")


class Sources:
    """The source files under a folder, each as it is when it is first asked for.

    Args:
        root: The folder that holds the first-party packages.
        cache: The file that keeps what was parsed, None for none.
    """

    def __init__(self, root: Path, cache: Path | None = None) -> None:
        self._root = root
        self._cache = ParseCache(cache)
        self._parsed: dict[Path, PythonFile] = {}
        self._reached: dict[Path, frozenset[Path]] = {}
        self._paths: dict[str, Path | None] = {}

    @classmethod
    def of_this_program(cls, home: Home) -> "Sources":
        """Return those of this program, parsed once for all processes with this DRIVETRAIN_HOME."""
        return cls(ROOT, home.cache("source_code.json"))

    def files(self, modules: Iterable[str], without: Iterable[str] = ()) -> list[Path]:
        """Return the files of `modules`, of all that they import to the end, also inside functions, and the templates.

        Args:
            modules: Where to begin.
            without: Modules that are left out, and what only they import with them.

        Returns:
            Paths relative to the root, sorted. A package counts where something in it does; foreign modules do not.

        Raises:
            SyntaxError: If one of them is not Python.
            FileNotFoundError: If a template names one that does not exist.
            ValueError: If a template computes the name of another.
        """
        found: set[Path] = set()
        barred = {path for module in without if (path := self._path(module))}
        waiting = self._modules(modules) - barred
        while waiting:
            found |= waiting
            waiting = frozenset().union(*map(self._reaches, waiting)) - found - barred
        templates = template_files([self._root / path for path in found], self._root)
        return sorted(found | {path.relative_to(self._root) for path in templates})

    def save(self) -> None:
        """Keep what was parsed for other processes."""
        self._cache.save()

    def digest(self, files: Iterable[Path]) -> str:
        """Return the SHA-256 over the names and contents of files; of Python its code without comments and docstrings.

        Args:
            files: Paths relative to the root.
        """
        digest = hashlib.sha256()
        for path in files:
            digest.update(f"{path.as_posix()}\0{self._content(path)}\n".encode())
        return digest.hexdigest()

    def _content(self, path: Path) -> str:
        if path.suffix == ".py":
            return self._python(path).code
        return hashlib.sha256((self._root / path).read_bytes()).hexdigest()

    def _python(self, path: Path) -> PythonFile:
        if path not in self._parsed:
            self._parsed[path] = self._cache.parsed(self._root / path)
        return self._parsed[path]

    def _reaches(self, path: Path) -> frozenset[Path]:
        if path not in self._reached:
            file = self._python(path)
            tables = file.places if path.parts[0] in _FOLLOWED_TABLES else ()
            self._reached[path] = self._modules([*file.imports, *tables])
        return self._reached[path]

    def _modules(self, modules: Iterable[str]) -> frozenset[Path]:
        names = {name for module in modules for name in _with_packages(module)}
        return frozenset(path for name in names if (path := self._path(name)))

    def _path(self, module: str) -> Path | None:
        if module not in self._paths:
            parts = module.split(".")
            candidates = [Path(*parts, "__init__.py"), Path(*parts[:-1], f"{parts[-1]}.py")]
            ours = candidates if parts[0] in PACKAGES else []
            self._paths[module] = next((path for path in ours if (self._root / path).is_file()), None)
        return self._paths[module]


def _with_packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[: length + 1]) for length in range(len(parts)))
