"""The rows of a request, found in its tensors."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.values.by_column import ByColumn, Column
from ml.values.float32 import shortest
from schemas.column_names import composed
from schemas.column_types import Shape
from schemas.errors import did_you_mean
from schemas.signature import Signature
from serving.http.errors import HttpError
from serving.http.v2.data import require_size, values
from serving.http.v2.datatypes import BYTES, WIRE
from serving.http.v2.faults import fault, fault_of, quoted
from serving.http.v2.input_forms import forms_of
from serving.http.v2.request import Given, InferRequest

_LISTED = 10  # inputs
_MOST_KEPT = 64  # requests
_UNKNOWN, _MISSING = "a tensor is no input of the model", "an input is missing"


class _Plan(NamedTuple):
    """The tensor of each column, None of one that is left out.

    `together` is the type of all numbers where they may be read as one table.
    """

    named: dict[str, Given | None]
    together: np.dtype[Any] | None


class Inputs:
    """The tensors that a version takes.

    Args:
        signature: Its inputs.
        most: Rows of a request.
        looked_up: Which of them a lookup gives, to /predict alone: here none of them may be left out.
    """

    def __init__(self, signature: Signature, most: int, looked_up: Collection[str] = ()) -> None:
        self._forms = forms_of(signature)
        self._ignored, self._most, self._looked_up = frozenset(signature.ignored), most, frozenset(looked_up)
        self._known: dict[bytes, _Plan] = {}
        """Of requests whose JSON was seen before."""
        window = signature.window
        self._kept = (
            frozenset({window.time, window.column}) if window is not None and window.latest else frozenset[str]()
        )
        """What the package has itself where both are left out."""

    def rows(self, request: InferRequest, rest: memoryview) -> ByColumn:
        """Return the rows of a request; `rest` are the bytes behind its JSON.

        Raises:
            HttpError: 400 where its tensors are not those of the columns, 413 where there are too many rows, 422 where
                there is none.
        """
        plan = self._known.get(request.key) if request.key is not None else None
        if plan is None:
            named = self._named(request)
            plan = _Plan(named, self._together(named, request.size))
            if request.key is not None:
                self._known = {key: one for key, one in self._known.items() if len(self._known) < _MOST_KEPT}
                self._known[request.key] = plan
        if plan.together is not None:
            table = _as_written(np.frombuffer(rest, dtype=plan.together)).reshape(-1, request.rows)
            return ByColumn(dict(zip(plan.named, table, strict=True)), table)
        return ByColumn({name: self._column(name, given, request.rows, rest) for name, given in plan.named.items()})

    def _named(self, request: InferRequest) -> dict[str, Given | None]:
        """Return the tensor of each column, None of one that is left out. Raises HttpError."""
        count = request.rows
        named: dict[str, Given] = {}
        for given in request.inputs:
            name = given.name if given.name in self._forms else composed(given.name)
            if name in named:
                raise fault_of(given.name, "stands there twice")
            named[name] = given
            self._require_fit(name, given, count)
        if not count:
            raise HttpError(422, "the tensors have no row: there is nothing to predict")
        if count > self._most:
            raise HttpError(413, f"{count:,} rows; a request may have {self._most:,} (deploy.max_rows): send several")
        absent = self._kept if self._kept.isdisjoint(named) else frozenset[str]()
        self._require_all([name for name in self._forms if name not in named and name not in absent])
        return {name: named.get(name) for name in self._forms if name not in absent}

    def _together(self, named: Mapping[str, Given | None], size: int) -> np.dtype[Any] | None:
        """Return the type of all numbers if they are all of a body of so many bytes, one column behind the other."""
        types, place = set[str](), 0
        for name, given in named.items():
            form = self._forms[name]
            if given is None or not given.is_binary or form.shape is not None or form.datatype == BYTES:
                return None
            if given.data.start != place:
                return None
            place = given.data.stop
            types.add(given.datatype)
        return WIRE[types.pop()] if place == size and types in ({"FP64"}, {"FP32"}) else None

    def _require_fit(self, name: str, given: Given, count: int) -> None:
        form, shape = self._forms.get(name), given.shape
        if shape[0] != count:
            raise fault_of(given.name, f"has {_shown(shape[0])} rows, and the first one {_shown(count)}")
        if form is None:
            if name in self._ignored:
                return
            hint = did_you_mean(given.name, list(self._forms)) or f" It takes {_listed(self._forms)}."
            raise fault(f"the model has no input {quoted(given.name)}.{hint}", _UNKNOWN)
        if given.datatype not in form.taken:
            taken = ", ".join(sorted(form.taken))
            raise fault_of(given.name, f"cannot be {given.datatype}; it is {form.datatype}, and may be {taken}")
        if not _fits(shape[1:], form.shape):
            raise fault_of(given.name, f"must have the shape {form.axes}, -1 for any length")
        if count and 0 in shape:  # then nothing would bound its other axes
            raise fault_of(given.name, "is empty: each of its axes must have a length of 1 or more")
        require_size(given)

    def _column(self, name: str, given: Given | None, count: int, rest: memoryview) -> Column:
        """Return what stands in each row: of a text the empty one is a missing value, unless it is a label."""
        if given is None:
            return [None] * count
        found, form = values(given, rest), self._forms[name]
        if form.shape is not None:
            if not isinstance(found, np.ndarray):
                raise fault_of(given.name, "holds null, which an array cannot")
            return found.reshape(given.shape)
        if given.datatype == BYTES and not form.knows_empty and "" in found:
            return [one or None for one in found]
        return _as_written(found) if isinstance(found, np.ndarray) else found

    def _require_all(self, left_out: list[str]) -> None:
        missing = [name for name in left_out if name in self._looked_up or not self._forms[name].is_nullable]
        if missing:
            found = [name for name in missing if name in self._looked_up]
            only = f"; only /predict looks up what is left out of {_listed(found)}" if found else ""
            raise fault(f"the tensors of these inputs are missing: {_listed(missing)}{only}", _MISSING)


def _as_written(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return floats of few bits as the decimal numbers that they stand for: 0.3 is 0.3 however it was sent."""
    is_short = numbers.dtype.kind == "f" and numbers.dtype.itemsize < np.dtype(np.float64).itemsize
    return shortest(numbers) if is_short else numbers


def _fits(axes: list[int], shape: Shape | None) -> bool:
    if shape is None:
        return axes in ([], [1])
    return len(axes) == len(shape) and all(wanted in (None, length) for wanted, length in zip(shape, axes, strict=True))


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(map(quoted, list(names)[:_LISTED]))
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def _shown(count: int) -> str:
    return f"{count:,}" if count < 1 << 63 else "more than 2**63"
