"""The journal's predictions with their labels as one file: streamed, seen whole or not at all."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Literal

from ml.io.new_output import NewOutput, new_output
from serving.journal.flat import Columns, Kind, Row, as_text, flat, moment
from serving.journal.opened import opened
from serving.journal.streamed import Labelled, Span, Streamed

Format = Literal["parquet", "csv", "jsonl"]
Pieces = Iterable[list[Labelled]]


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
        DeploymentError: If there is no journal, or it cannot be used.
        ContentError, StorageError: If the target cannot be written.
    """
    with opened(journal_url) as engine, _begun(target, replace=replace) as output:
        pieces = Streamed(engine, span)
        return _FORMS[form](pieces, output.file)


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
            file.write(f"{json.dumps(_nested(one), ensure_ascii=False)}\n".encode())
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
    }


def _rows(pieces: Pieces) -> Iterator[list[Row]]:
    for piece in pieces:
        yield [flat(one) for one in piece]


def _columns(pieces: Pieces) -> dict[str, Kind]:
    found = Columns()
    for rows in _rows(pieces):
        found.see(rows)
    return found.kinds


def _csv(pieces: Pieces, file: BinaryIO) -> int:
    columns = _columns(pieces)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for rows in _rows(pieces):
        writer.writerows([[as_text(row.get(name)) for name in columns] for row in rows])
        count += len(rows)
    text.detach()
    return count


def _parquet(pieces: Pieces, file: BinaryIO) -> int:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kinds = _columns(pieces)
    types = {
        "text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
        "time": pa.timestamp("us", "UTC"),
    }  # fmt: skip
    schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
    count = 0
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in _rows(pieces):
            arrays = [_array(rows, name, kind, schema.field(name).type) for name, kind in kinds.items()]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(rows)
    return count


def _array(rows: list[Row], name: str, kind: Kind, type_: Any) -> Any:
    import pyarrow as pa

    values = [row.get(name) for row in rows]
    return pa.array([as_text(value) for value in values] if kind == "text" else values, type_)


_FORMS: dict[Format, Callable[[Pieces, BinaryIO], int]] = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}
