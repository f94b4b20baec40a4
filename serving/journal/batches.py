"""Rows of a batch in the journal, each once however often its run is killed and begun again."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic_core import to_json
from sqlalchemy import delete

from ml.batch.journalled import ROWS, BatchJournal, beginning
from ml.predictions.codec import Encoder
from ml.predictions.predictor import Predictions
from ml.validation.checked import Checked
from ml.validation.rows import Validator
from ml.values.numbers import Numbers
from schemas.journal_spec import Keep
from schemas.signature import Signature
from serving.journal.engine import begin_writing
from serving.journal.held import missing
from serving.journal.inputs import of_rows
from serving.journal.insertion import Request, add
from serving.journal.kept import Keeper
from serving.journal.opened import opened
from serving.journal.schema import requests as kept_requests

_AT_ONCE = 10
"""Requests of a transaction: a service that writes to the same file waits for no more."""


class JournalOfBatches(BatchJournal):
    """The journal of a model, for the predictions of one version.

    Args:
        url: Where it is; it is there.
        signature: The version's.
        version: Its name.
        keep: What is kept of arrays and texts.
    """

    def __init__(self, url: str, signature: Signature, version: str, keep: Keep) -> None:
        self._url, self._version = url, version
        self._validator, self._encoder = Validator(signature), Encoder(signature.output)
        self._keeper = Keeper(signature, keep)
        self._numbers = {one.name for one in signature.inputs if one.type == "number" and one.shape is None}

    def requests(
        self,
        ids: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        checked: Checked,
        found: Predictions,
        seconds: float,
    ) -> list[dict[str, Any]]:
        """Return what the journal keeps of a piece's rows, as `BatchJournal.requests` has it."""
        encoded = self._encoder.encode(found)
        inputs = self._inputs(rows, checked)
        places = np.array(checked.positions, dtype=np.int64)
        made = list[dict[str, Any]]()
        for part, name in enumerate(ids):
            first, last = np.searchsorted(places, [part * ROWS, (part + 1) * ROWS]).tolist()
            if first == last:
                continue  # none of its rows was predicted
            own = [place - part * ROWS for place in checked.positions[first:last]]
            flags = {
                place - part * ROWS: checked.flags[place]
                for place in checked.positions[first:last]
                if place in checked.flags
            }
            made.append(
                {
                    "request_id": name,
                    "rows": last - first,
                    "places": None if own == list(range(len(own))) else _text(own),
                    "inputs": of_rows(inputs[first:last]).inputs,
                    "answers": _text(encoded.records[first:last]),
                    "for_review": sum(encoded.needs_review[first:last]),
                    "latency": seconds * (last - first) / len(inputs),
                    "flags": _text(flags) if flags else None,
                }
            )
        return made

    def write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Write requests, unless they are there. Raises DeploymentError."""
        with opened(self._url) as engine:
            for start in range(0, len(requests), _AT_ONCE):
                part = requests[start : start + _AT_ONCE]
                made = [Request(time=time.time(), version=self._version, numbers=None, **one) for one in part]
                with engine.begin() as connection:
                    begin_writing(connection)
                    add(connection, missing(connection, made))

    def withdraw(self, batch: str) -> None:
        """Remove what is there of a batch. Raises DeploymentError."""
        withdraw(self._url, batch)

    def _inputs(self, rows: Sequence[Mapping[str, Any]], checked: Checked) -> list[dict[str, Any]]:
        """Return what is kept of the predicted rows: what a client of the service would have sent.

        A file may write numbers and missing values in its own way, which nobody knows any more who reads the journal:
        numbers stand as such here, and what is missing as null.
        """
        columns = {name: _plain(checked.as_sent[name]) for name in self._numbers}
        others = {name: column for name, column in checked.as_sent.items() if name not in columns}
        large = {name: checked.cells[name] for name in self._keeper.names}
        made = list[dict[str, Any]]()
        for place, position in enumerate(checked.positions):
            row = self._validator.inputs(dict(rows[position]))
            row |= {name: column[place] for name, column in columns.items() if name in row}
            row |= {name: None for name, column in others.items() if name in row and column[place] is None}
            made.append(self._keeper.row(row, {name: column[place] for name, column in large.items()}))
        return made


def withdraw(url: str, batch: str) -> None:
    """Remove what is in a journal of a batch. Raises DeploymentError."""
    with opened(url) as engine, engine.begin() as connection:
        begin_writing(connection)
        own = kept_requests.c.request_id.startswith(beginning(batch), autoescape=True)
        connection.execute(delete(kept_requests).where(own))


def _plain(column: Sequence[Any]) -> list[Any]:
    values = column.array.tolist() if isinstance(column, Numbers) else list(column)
    return [None if value != value else value for value in values]


def _text(value: Any) -> str:
    return to_json(value).decode()
