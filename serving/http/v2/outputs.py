"""A version's predictions as named tensors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.predictions.codec import LABEL, LOWER, NAIVE, PROBABILITIES, REVIEW, TIMES, UPPER, VALUE, written
from ml.predictions.predictor import Predictions
from schemas.base import Scalar
from serving.http.v2.datatypes import BOOL, BYTES, WIRE
from serving.releases.loaded_version import Version

Values = Sequence[Any] | NDArray[Any]
_ABSTAINS = "rules"  # of runtimes the one whose models may abstain
_NUMBERS: dict[type, str] = {bool: BOOL, int: "INT64", float: "FP64"}


class Done(NamedTuple):
    """What was predicted, and whether a person should look at each row."""

    predicted: Predictions
    needs_review: list[bool]


class Abstained(ValueError):
    """A label that is a number cannot say that the model abstained."""


class Output(NamedTuple):
    """One tensor: `axes` are those behind the rows, `values` gives an array or, of texts, their list."""

    name: str
    datatype: str
    axes: list[int]
    values: Callable[[Done], Values]
    parameters: dict[str, Any] = {}


class Outputs:
    """The tensors that a version answers with.

    Args:
        version: Whose answer to its sample row tells which there are.
    """

    def __init__(self, version: Version) -> None:
        record, output = version.answered, version.model.signature.output
        found = list(_values(record) if VALUE in record else _classes(version, record, list(output.classes or [])))
        found.append(Output(REVIEW, BOOL, [], lambda done: np.array(done.needs_review, dtype=bool)))
        self.known = {one.name: one for one in found}
        """By name, in the order of an answer."""

    def metadata(self) -> list[dict[str, Any]]:
        """Return name, datatype and shape of each; of probabilities also the classes, in order."""
        return [
            {"name": one.name, "datatype": one.datatype, "shape": [-1, *one.axes]}
            | ({"parameters": one.parameters} if one.parameters else {})
            for one in self.known.values()
        ]


def _classes(version: Version, record: Mapping[str, Any], classes: list[Scalar]) -> list[Output]:
    """Return the label, and the probabilities where there are some; an abstention is an empty text.

    Rules alone abstain: the labels of all other models are tensors of what they are.
    """
    kinds = set(map(type, classes))
    kinds = {float} if kinds == {int, float} else kinds
    are_small = all(abs(one) < 1 << 63 for one in classes if type(one) is int)
    texts = [*map(str, classes), ""]  # the code of an abstention is -1
    if version.model.manifest.runtime == _ABSTAINS or len(kinds) != 1 or not kinds <= _NUMBERS.keys() or not are_small:
        found = [Output(LABEL, BYTES, [], lambda done: [texts[code] for code in _codes(done).tolist()])]
    else:
        datatype = _NUMBERS[kinds.pop()]
        numbers = np.array(classes, dtype=WIRE[datatype])
        found = [Output(LABEL, datatype, [], lambda done: numbers[_decided(done)])]
    if PROBABILITIES in record:
        named = {"classes": texts[:-1]}
        found.append(Output(PROBABILITIES, "FP64", [len(classes)], _probabilities, named))
    return found


def _codes(done: Done) -> NDArray[np.int64]:
    assert done.predicted.codes is not None, "only classes have labels"
    return done.predicted.codes


def _decided(done: Done) -> NDArray[np.int64]:
    codes = _codes(done)
    if (codes < 0).any():
        raise Abstained
    return codes


def _probabilities(done: Done) -> Values:
    assert done.predicted.probabilities is not None, "a model gives them always or never"
    return done.predicted.probabilities


def _values(record: Mapping[str, Any]) -> list[Output]:
    """Return the value, and of a forecast the steps with what is known of them."""
    axes = list(np.shape(record[VALUE]))
    found = [Output(VALUE, "FP64", axes, lambda done: _array(done.predicted.values))]
    if LOWER in record:
        found.append(Output(LOWER, "FP64", axes, lambda done: _array(done.predicted.lower)))
    if UPPER in record:
        found.append(Output(UPPER, "FP64", axes, lambda done: _array(done.predicted.upper)))
    if TIMES in record:
        found.append(Output(TIMES, BYTES, axes, _times))
        found.append(Output(NAIVE, "FP64", [], _naive))
    return found


def _array(found: NDArray[np.float64] | None) -> NDArray[np.float64]:
    assert found is not None, "a model gives them always or never"
    return found


def _times(done: Done) -> Values:
    assert done.predicted.outlook is not None, "a forecast has one"
    return [time for steps in written(done.predicted.outlook) for time in steps]


def _naive(done: Done) -> Values:
    assert done.predicted.outlook is not None, "a forecast has one"
    return np.where(np.isfinite(done.predicted.outlook.naive), done.predicted.outlook.naive, np.nan)
