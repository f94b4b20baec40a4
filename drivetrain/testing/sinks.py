"""The conformance suite of data sinks."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from drivetrain.testing.construction import build
from drivetrain.testing.parameters import declaration_checks, is_component
from drivetrain.testing.samples import Example, no_parameters, table
from drivetrain.testing.violation import Check, Violation, examine, told
from ml.components.sink import Sink
from schemas.errors import ContentError, DrivetrainError


def check_sink(component: Any, example: Example = no_parameters, *, name: str = "") -> list[Violation]:
    """Return what a data sink breaks of the contract.

    Args:
        component: The class.
        example: What returns parameters of an output inside the folder that it is given.
        name: What it is registered as, for the violations.
    """
    subject = f"data sink {name or getattr(component, '__name__', component)}"
    found = examine(subject, [("declared", lambda: is_component(component, Sink))])
    return found or examine(subject, [*declaration_checks(component), *_SinkInFolders(component, example).checks()])


class _SinkInFolders:
    def __init__(self, component: type[Sink], example: Example) -> None:
        self._component = component
        self._example = example

    def checks(self) -> list[Check]:
        return [("commit", self._commit), ("abort", self._abort), ("empty", self._empty)]

    def _sink(self, folder: Path) -> Sink:
        given = self._example(folder, table())
        built: Sink = build(self._component, given or {})
        return built

    def _commit(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            sink = self._sink(folder)
            for fault in sink.preflight():
                yield f"preflight refuses a folder without an output: {fault.message}"
            if not isinstance(sink.place, str) or not sink.place.strip():
                yield f"place is {sink.place!r}; it says to a person where the output will be"
            before = _seen(folder)
            writer, parts = sink.open(), [table().iloc[:60], table().iloc[60:]]
            for part in parts:
                writer.write(part)
            writer.prepare()
            if _seen(folder) != before:
                yield "something of the output can be seen before commit"
            writer.commit()
            if _content(folder) == {}:
                yield "nothing is there after commit"
            if not pd.concat(parts).equals(table()):
                yield "it changes the rows that it was given"
            yield from self._second(sink)

    def _second(self, sink: Sink) -> Iterator[str]:
        if sink.replaces or sink.preflight():
            return
        try:
            writer = sink.open()
            writer.write(table())
            writer.prepare()
            writer.commit()
        except ContentError:
            return
        yield "it writes over an output that is there: preflight is to say so, or commit to raise ContentError"

    def _abort(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            sink = self._sink(folder)
            before = _content(folder)
            writer = sink.open()
            writer.write(table())
            writer.abort()
            if _content(folder) != before:
                yield "something is left after abort"

    def _empty(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as name:
            try:
                writer = self._sink(Path(name)).open()
                writer.write(table().iloc[:0])
                writer.prepare()
                writer.commit()
            except DrivetrainError:
                return
            except Exception as error:
                yield f"without a row it {told(error)}; it is to write an empty output, or to raise ContentError"


def _content(folder: Path) -> dict[str, int]:
    """Return every file with its size."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def _seen(folder: Path) -> set[str]:
    """Return the names that others would find: not hidden, and not a database's own files beside it."""
    names = {name for name in _content(folder) if not Path(name).name.startswith(".")}
    return {name for name in names if not name.endswith(("-journal", "-wal", "-shm"))}
