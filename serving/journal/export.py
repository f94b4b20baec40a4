"""The journal's predictions with their labels as one file: streamed, seen whole or not at all."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Literal

from ml.io.new_output import NewOutput, new_output
from schemas.errors import ContentError
from serving.journal import parquet
from serving.journal.archived import Everything
from serving.journal.flat import as_json, as_text, columns_of, flat_rows, moment
from serving.journal.opened import opened
from serving.journal.streamed import Labelled, Pieces, Span

Format = Literal["parquet", "csv", "jsonl"]


def export(journal_url: str, target: str, form: Format, span: Span, *, replace: bool = False) -> int:
    """Write the predictions of a span to a file or an object; return how many they are.

    A table's columns are those of all its rows: for csv and parquet the journal is read twice. At once some ten
    thousand rows are held.

    Args:
        journal_url: The model's journal.
        target: A local path, or s3://bucket/name.
        form: What is written.
        span: Which predictions.
        replace: Whether the file may take the place of another.

    Raises:
        DeploymentError: If there is no journal, or it or a file of its archive cannot be used.
        ContentError, StorageError: If the target cannot be written, or Parquet has no place for a value.
    """
    with opened(journal_url) as engine, _begun(target, replace=replace) as output:
        pieces = Everything(engine, span)
        return FORMS[form](pieces, output.file)


@contextmanager
def _begun(target: str, *, replace: bool) -> Iterator[NewOutput]:
    output = new_output(target, replace=replace)
    try:
        yield output
        output.prepare()
        output.publish()
    finally:
        output.abort()


def _jsonl(pieces: Pieces, file: BinaryIO) -> int:
    count = 0
    for piece in pieces:
        for one in piece:
            file.write(f"{as_json(_nested(one))}\n".encode())
        count += len(piece)
    return count


def _nested(one: Labelled) -> dict[str, Any]:
    found = one.predicted
    return {
        "request_id": found.request_id,
        "row": found.row,
        "time": as_text(moment(found.time)),
        "version": found.version,
        "inputs": found.inputs,
        "prediction": found.record,
        "latency": found.latency,
        "label": one.label,
        "label_time": as_text(moment(one.label_time)),
        "share": one.came.share,
        "trace": one.came.trace,
        "flags": None if one.came.flags is None else json.loads(one.came.flags),
    }


def _csv(pieces: Pieces, file: BinaryIO) -> int:
    columns = columns_of(map(flat_rows, pieces))
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for rows in map(flat_rows, pieces):
        writer.writerows([[as_text(row.get(name)) for name in columns] for row in rows])
        count += len(rows)
    text.detach()
    return count


def _parquet(pieces: Pieces, file: BinaryIO) -> int:
    try:
        return parquet.write(pieces, file)
    except parquet.Refused as error:
        raise ContentError(f"{error}; csv and jsonl take it") from error


FORMS: dict[Format, Callable[[Pieces, BinaryIO], int]] = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}
