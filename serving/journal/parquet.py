"""Predictions as Parquet: a typed column for each thing to ask for, and on request what they were, to be read again."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from ml.predictions.codec import REVIEW
from serving.journal.exploded import Predicted
from serving.journal.flat import INPUTS, LABEL, PREDICTION, Kind, Row, as_json, as_text, columns_of, flat, flat_rows
from serving.journal.streamed import Circumstances, Labelled, Pieces
from serving.journal.trouble import Unreadable

_WHOLE = ("json.inputs", "json.prediction", "json.label", "json.times")
"""Columns of what typed ones may not tell: whether a number was whole, a value left out, a time to its last digit."""
_AT_ONCE = 10_000
_NOT_WRITTEN = "a file of the archive is not what was written"


class Refused(ValueError):
    """A column holds what Parquet has no place for."""


def write(pieces: Pieces, file: BinaryIO, *, whole: bool = False, typed: bool = True) -> int:
    """Write a file of predictions; return how many they are. The pieces are gone through twice.

    Args:
        pieces: The predictions.
        file: Takes the bytes.
        whole: Whether `read` is to get them back as they were.
        typed: Whether inputs, label and what was predicted are typed; else they are text, which is never refused.

    Raises:
        Refused: If a value has no place in its column.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kinds = columns_of(map(flat_rows, pieces))
    if not typed:
        kinds |= {name: "text" for name in kinds if name.partition(".")[0] in (INPUTS, LABEL, PREDICTION)}
    kinds |= dict.fromkeys(_WHOLE, "text") if whole else {}
    types = {
        "text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
        "time": pa.timestamp("us", "UTC"),
    }  # fmt: skip
    schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
    count = 0
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for piece in pieces:
            rows = [flat(one) | (_whole(one) if whole else {}) for one in piece]
            arrays = [_array(rows, name, kind, schema.field(name).type) for name, kind in kinds.items()]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(rows)
    return count


def _array(rows: list[Row], name: str, kind: Kind, type_: Any) -> Any:
    import pyarrow as pa

    values = [row.get(name) for row in rows]
    try:
        if kind == "text":
            values = [as_text(value) for value in values]
        elif kind == "number":  # a whole one beyond 2**53 is refused otherwise
            values = [None if value is None else float(value) for value in values]
        return pa.array(values, type_)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise Refused(f"column {name!r} holds what Parquet has no place for: {error}") from error


def _whole(one: Labelled) -> Row:
    times = [one.predicted.time, one.label_time]
    parts = (one.predicted.inputs, one.predicted.record, one.label, times)
    return dict(zip(_WHOLE, map(as_json, parts), strict=True))


def read(file: Any) -> Iterator[list[Labelled]]:
    """Yield predictions that `write` wrote whole.

    Raises:
        Unreadable: If that is not what the file holds.
        OSError: If it cannot be read.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    fixed = ["request_id", "row", "version", "confidence", "latency", *Circumstances._fields]
    try:
        for batch in ParquetFile(file).iter_batches(_AT_ONCE, columns=[*fixed, *_WHOLE]):
            columns = [batch.column(name).to_pylist() for name in [*fixed, *_WHOLE]]
            yield [_labelled(*values) for values in zip(*columns, strict=True)]
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise Unreadable(_NOT_WRITTEN) from error
    except OSError as error:
        if error.errno is not None or type(error) is not OSError:
            raise
        raise Unreadable(_NOT_WRITTEN) from error  # pyarrow says so of bytes that it cannot unpack


def _labelled(request_id: str, row: int, version: str, confidence: Any, latency: float, *others: Any) -> Labelled:
    came, whole = Circumstances(*others[: -len(_WHOLE)]), others[-len(_WHOLE) :]
    inputs, record, label, (time, label_time) = map(json.loads, whole)
    found = Predicted(request_id, row, time, version, inputs, record, confidence, record[REVIEW], latency)
    return Labelled(found, label, label_time, came)
