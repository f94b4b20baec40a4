"""The conformance suite of data sources."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from drivetrain.testing.construction import build
from drivetrain.testing.parameters import declaration_checks, is_component
from drivetrain.testing.samples import Example, no_parameters, table
from drivetrain.testing.violation import Check, Violation, examine, saying, told
from ml.components.source import Source
from schemas.errors import DrivetrainError, Fault

_AT_A_TIME = 50
_LATER = 10.0
"""Seconds by which a file is made newer: its time would else be that of the one before it, by the clock's ticks."""


def check_source(component: Any, example: Example = no_parameters, *, name: str = "") -> list[Violation]:
    """Return what a data source breaks of the contract.

    Args:
        component: The class.
        example: What writes rows into an empty folder as the source reads them, and returns its parameters.
        name: What it is registered as, for the violations.
    """
    subject = f"data source {name or getattr(component, '__name__', component)}"
    found = examine(subject, [("declared", lambda: is_component(component, Source))])
    if found:
        return found
    with tempfile.TemporaryDirectory() as folder:
        tried = _SourceOnRows(component, example, Path(folder))
        return examine(subject, [*declaration_checks(component), *tried.checks()])


class _SourceOnRows:
    """One source with its rows in a folder; `lost` comes last, because it takes them away."""

    def __init__(self, component: type[Source], example: Example, folder: Path) -> None:
        self._component = component
        self._example = example
        self._folder = folder
        self._given: Any = None

    def checks(self) -> list[Check]:
        return [
            ("preflight", self._ready),
            ("read", self._read),
            ("chunks", self._chunks),
            ("fingerprint", self._fingerprint),
            ("empty", self._empty),
            ("lost", self._lost),
        ]

    def _source(self) -> Source:
        if self._given is None:
            folder = self._folder / "rows"
            folder.mkdir()
            self._given = self._example(folder, table()) or {}
        built: Source = build(self._component, self._given)
        return built

    def _ready(self) -> Iterator[str]:
        source = self._source()
        for fault in source.preflight():
            yield f"preflight refuses what the example wrote: {fault.message}"
        label = source.label
        if not isinstance(label, str) or not label.strip() or label != self._source().label:
            yield f"label is {label!r}; it is a name of the data that is the same every time"

    def _read(self) -> Iterator[str]:
        rows = self._source().read()
        if not isinstance(rows, pd.DataFrame) or not len(rows):
            yield f"read gives {type(rows).__name__} without a row"
            return
        if not all(isinstance(name, str) for name in rows.columns) or not rows.columns.is_unique:
            yield "columns are not called by texts that differ"
        if not rows.equals(self._source().read()):
            yield "two readings give different rows"
        header = self._source().header()
        if header is not None and list(header) != list(rows.columns):
            yield f"header gives {header}, and the rows have {list(rows.columns)}"

    def _chunks(self) -> Iterator[str]:
        rows = self._source().read()
        steady = rows.equals(self._source().read())  # else `read` says so, and no values can be compared
        chunks = list(self._source().chunks(_AT_A_TIME))
        if any(len(chunk) > _AT_A_TIME for chunk in chunks):
            yield f"a chunk has more than the {_AT_A_TIME} rows asked for"
        if not _same_form(chunks, rows):
            yield "the chunks together are not what read gives"
        elif steady and (other := _differing(chunks, rows)):
            yield f"the chunks together have other values than read gives in {', '.join(other)}"
        if any(not chunk.dtypes.equals(chunks[0].dtypes) for chunk in chunks):
            yield "chunks have different types"
        stored = list(self._source().chunks_as_stored(_AT_A_TIME, list(rows.columns)))
        if any(not len(chunk.values) == len(chunk.cells) == len(chunk.kept) for chunk in stored):
            yield "chunks_as_stored gives forms of the rows with different lengths"
        values = [chunk.values for chunk in stored]
        if not _same_form(values, rows):
            yield "what chunks_as_stored gives together is not what read gives"
        elif steady and (other := _differing(values, rows)):
            yield f"chunks_as_stored gives other values than read in {', '.join(other)}"

    def _fingerprint(self) -> Iterator[str]:
        found = self._source().fingerprint()
        if found is not None and not isinstance(found, str):
            yield f"fingerprint gives {found!r}, neither text nor None"
        elif found != self._source().fingerprint():
            yield "the fingerprint changes where nothing did: every run would read anew"
        elif found is not None and self._has_other_rows() and self._source().fingerprint() == found:
            yield "the fingerprint stays where other rows are in the same place: no run would ever read them"

    def _has_other_rows(self) -> bool:
        """Write other rows in the place of the first, and return whether the source, with the same parameters, does.

        They take as many bytes, and time has passed: what goes by either alone is seen.
        """
        folder, given, rows = self._folder / "rows", self._given, self._source().read()
        if not any(folder.iterdir()):
            return False
        shutil.rmtree(folder)
        folder.mkdir()
        self._given = self._example(folder, table().assign(size=table()["size"].to_numpy()[::-1])) or {}
        for file in folder.rglob("*"):
            os.utime(file, (time.time() + _LATER, time.time() + _LATER))
        return bool(self._given == given) and not rows.equals(self._source().read())

    def _empty(self) -> Iterator[str]:
        folder = self._folder / "empty"
        folder.mkdir()
        given = self._example(folder, table().iloc[:0])
        if given is None or not any(folder.iterdir()):
            return  # its rows are not of the folder, or it cannot have none
        try:
            source: Source = build(self._component, given)
            if not source.preflight() and len(source.read()):
                yield "read gives rows where none were written"
        except DrivetrainError:
            return
        except Exception as error:
            yield f"without a row {told(error)}; it is to give no rows, or to raise drivetrain.ContentError"

    def _lost(self) -> Iterator[str]:
        source = self._source()
        folder = self._folder / "rows"
        if not any(folder.iterdir()):
            return
        shutil.rmtree(folder)
        with saying("preflight of what is not there"):
            faults = source.preflight()
        if not faults or not all(isinstance(fault, Fault) for fault in faults):
            yield "preflight finds no fault where the rows are gone"


def _same_form(chunks: Sequence[pd.DataFrame], rows: pd.DataFrame) -> bool:
    """Say whether chunks have the columns of the rows, and are as many rows together."""
    return sum(map(len, chunks)) == len(rows) and all(list(chunk.columns) == list(rows.columns) for chunk in chunks)


def _differing(chunks: Sequence[pd.DataFrame], rows: pd.DataFrame) -> list[str]:
    """Return the columns whose values are not those of the rows, one after the other, whatever their types."""
    whole = pd.concat(list(chunks), ignore_index=True)
    pairs = ((name, whole.iloc[:, place], rows.iloc[:, place]) for place, name in enumerate(rows.columns))
    return [str(name) for name, one, other in pairs if _values(one) != _values(other)]


def _values(column: "pd.Series[Any]") -> list[Any]:
    """Return a column's values, None where one is missing."""
    return column.astype(object).where(column.notna(), None).tolist()
