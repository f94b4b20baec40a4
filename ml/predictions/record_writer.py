"""Many predictions to the JSON of their records at once, letter by letter what those of `Encoder` are as JSON."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from ml.predictions.codec import LABEL, PROBABILITIES, REVIEW, VALUE, Encoder
from ml.predictions.predictions import needs_review
from ml.predictions.predictor import Predictions
from schemas.signature import Output

_FLAGS = ("false", "true")


class Written(NamedTuple):
    """The JSON of a list of n records, and whether a person should look at each."""

    text: str
    needs_review: list[bool]


class RecordWriter:
    """An output compiled once: a record's text, with places for what differs from row to row.

    Args:
        output: What a model gives.
        encoder: Writes what is not written often.
    """

    def __init__(self, output: Output, encoder: Encoder) -> None:
        self._encoder, self._threshold = encoder, output.review_threshold
        self._labels = [*map(_json, output.classes or []), "null"]  # -1, an abstention, is the null at the end
        keys = [_json(str(label)).replace("%", "%%") for label in output.classes or []]
        shares = ",".join(f"{key}:%s" for key in keys)
        self._label = f'{{"{LABEL}":%s,"{REVIEW}":%s}}'
        self._graded = f'{{"{LABEL}":%s,"{PROBABILITIES}":{{{shares}}},"{REVIEW}":%s}}'
        self._value = f'{{"{VALUE}":%s,"{REVIEW}":false}}'

    def write(self, predictions: Predictions) -> Written:
        """Return the JSON of the records of n predictions, all of them finite."""
        values = predictions.values
        if values is not None:
            if values.ndim == 2:
                return self._of_records(predictions)
            return Written(_filled(self._value, len(values), _numbers(values)), [False] * len(values))
        assert predictions.codes is not None, "a prediction has codes or values"
        codes = predictions.codes.tolist()
        labels, review = [self._labels[code] for code in codes], needs_review(predictions, self._threshold).tolist()
        flags = [_FLAGS[one] for one in review]
        if predictions.probabilities is None:
            return Written(
                _filled(self._label, len(codes), chain.from_iterable(zip(labels, flags, strict=True))), review
            )
        shares = iter(_numbers(predictions.probabilities))
        of_row = [shares] * predictions.probabilities.shape[1]
        rows = zip(labels, *of_row, flags, strict=False)  # each takes as many of the shares as there are classes
        return Written(_filled(self._graded, len(codes), chain.from_iterable(rows)), review)

    def _of_records(self, predictions: Predictions) -> Written:
        encoded = self._encoder.encode(predictions)
        return Written(_json(encoded.records), encoded.needs_review)


def _filled(template: str, rows: int, parts: Sequence[str] | Iterator[str]) -> str:
    return f"[{','.join([template] * rows) % tuple(parts)}]"


def _numbers(array: NDArray[np.float64]) -> list[str]:
    """Return each number of an array as JSON has it."""
    text = _json(array.ravel().tolist())[1:-1]
    return text.split(",") if text else []


def _json(value: Any) -> str:
    return to_json(value).decode()
