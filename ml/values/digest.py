"""A digest of a table's content."""

import hashlib

import pandas as pd
import pyarrow as pa

from ml.values.tensor import Tensor, holds_tensors


def frame_digest(frame: pd.DataFrame) -> str:
    """Return the sha256 of names, types and values in order, as 64 hexadecimal digits; the index does not count."""
    digest = hashlib.sha256(repr([(str(name), str(dtype)) for name, dtype in frame.dtypes.items()]).encode())
    table = (
        pa.Table.from_pandas(_with_digests(frame), preserve_index=False).combine_chunks().replace_schema_metadata(None)
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    digest.update(sink.getvalue())
    return digest.hexdigest()


def _with_digests(frame: pd.DataFrame) -> pd.DataFrame:
    held = {name: frame[name] for name in frame.columns if holds_tensors(frame[name])}
    if not held:
        return frame
    frame = frame.copy(deep=False)
    for name, column in held.items():
        frame[name] = [cell.digest if isinstance(cell, Tensor) else None for cell in column]
    return frame
