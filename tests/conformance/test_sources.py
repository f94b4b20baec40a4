"""A sound source with one thing wrong has that one violation."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drivetrain import (
    Fault,
)
from drivetrain.testing import (
    check_source,
    require,
    table,
)
from ml.components.source import Chunk
from tests.conformance.sound import Lines, altered, only, rows_of


def _mixed(self: Lines, rows: int) -> Iterator[pd.DataFrame]:
    found = self.read()
    yield found.iloc[:50]
    yield found.iloc[50:100].astype({"wet": "str"})
    yield found.iloc[100:]


def _short(self: Lines, rows: int) -> Iterator[pd.DataFrame]:
    yield self.read().iloc[:50]


def _ragged(rows: pd.DataFrame) -> Chunk:
    return Chunk(rows, rows.iloc[1:], rows)


def _again(self: Lines, rows: int) -> Iterator[pd.DataFrame]:
    first = self.read().iloc[:rows]
    yield first
    yield first
    yield first.iloc[:20]


def _one_value_lost(self: Lines, rows: int) -> Iterator[pd.DataFrame]:
    found = self.read()
    found.loc[found.index[-1], "colour"] = None
    yield from (found.iloc[start : start + rows] for start in range(0, len(found), rows))


def _stored_again(self: Lines, rows: int, known: Any) -> Iterator[Chunk]:
    yield from (Chunk(frame, frame, frame) for frame in _again(self, rows))


def _size(self: Lines) -> str:
    return str(Path(self.params.path).stat().st_size)


SOURCES: list[tuple[dict[str, Any], str, str]] = [
    ({"preflight": lambda self: [Fault("path", "no")]}, "preflight", "refuses what the example wrote: no"),
    ({"label": ""}, "preflight", "label is ''"),
    (
        {"label": property(lambda self: str(id(object())) + str(np.random.default_rng().random()))},
        "preflight",
        "label is",
    ),
    ({"read": lambda self: pd.DataFrame({"a": []})}, "read", "without a row"),
    ({"header": lambda self: ["a"]}, "read", "header gives ['a']"),
    ({"chunks": _mixed}, "chunks", "chunks have different types"),
    ({"chunks": _short}, "chunks", "the chunks together are not what read gives"),
    ({"chunks": _again}, "chunks", "have other values than read gives in size, weight, colour, wet, day, kind"),
    ({"chunks": _one_value_lost}, "chunks", "have other values than read gives in colour"),
    ({"chunks": lambda self, rows: iter([])}, "chunks", "the chunks together are not what read gives"),
    ({"chunks_as_stored": _stored_again}, "chunks", "chunks_as_stored gives other values than read in size"),
    ({"chunks_as_stored": lambda self, rows, known: iter([_ragged(self.read())])}, "chunks", "with different lengths"),
    ({"fingerprint": lambda self: 3}, "fingerprint", "neither text nor None"),
    ({"fingerprint": lambda self: "v1"}, "fingerprint", "stays where other rows are in the same place"),
    ({"fingerprint": _size}, "fingerprint", "stays where other rows are in the same place"),
    ({"preflight": lambda self: []}, "lost", "finds no fault where the rows are gone"),
    ({"preflight": lambda self: "no" if not Path(self.params.path).is_file() else []}, "lost", "finds no fault"),
]


@pytest.mark.parametrize(("changed", "check", "message"), SOURCES)
def test_a_source_with_one_thing_wrong(changed: dict[str, Any], check: str, message: str) -> None:
    found = check_source(altered(Lines, **changed), rows_of)
    found = [one for one in found if one.check != "chunks"] if check == "read" else found
    found = [one for one in found if one.check != "lost"] if check == "preflight" else found
    only(found, check, message)


def test_a_source_whose_columns_are_no_texts() -> None:
    def numbered(self: Lines) -> pd.DataFrame:
        found = pd.read_csv(self.params.path)
        return found.set_axis(range(found.shape[1]), axis=1)

    only(check_source(altered(Lines, read=numbered), rows_of), "read", "columns are not called by texts")


def test_a_source_that_gives_rows_where_none_were_written() -> None:
    def read(self: Lines) -> pd.DataFrame:
        found = pd.read_csv(self.params.path)
        return found if len(found) else pd.DataFrame([dict.fromkeys(found.columns, 1)])

    only(check_source(altered(Lines, read=read), rows_of), "empty", "gives rows where none were written")


def test_a_source_whose_preflight_raises_where_the_file_is_gone() -> None:
    def preflight(self: Lines) -> list[Fault]:
        Path(self.params.path).stat()
        return []

    only(check_source(altered(Lines, preflight=preflight), rows_of), "lost", "preflight of what is not there raised")


def test_a_source_that_cannot_have_no_rows_is_not_asked_for_them() -> None:
    def example(folder: Path, rows: pd.DataFrame) -> Mapping[str, Any] | None:
        return rows_of(folder, rows) if len(rows) else None

    require(check_source(Lines, example))


def _time(self: Lines) -> str:
    return str(Path(self.params.path).stat().st_mtime)


def _content(self: Lines) -> str:
    return Path(self.params.path).read_text(encoding="utf-8")


@pytest.mark.parametrize("fingerprint", [_time, _content])
def test_a_fingerprint_that_changes_with_the_file_is_sound(fingerprint: Callable[..., str]) -> None:
    require(check_source(altered(Lines, fingerprint=fingerprint), rows_of))


def test_a_source_whose_rows_are_its_own_is_not_asked_for_others() -> None:
    def example(folder: Path, rows: pd.DataFrame) -> Mapping[str, Any]:
        return rows_of(folder, table())

    found = check_source(altered(Lines, fingerprint=lambda self: "v1"), example)
    assert [one.check for one in found] == ["empty"]  # it has rows where none were asked for
