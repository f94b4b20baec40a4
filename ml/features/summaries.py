"""A few numbers for each array: what profiles, data checks and the journal keep of inputs that are too large to show.

Light: the service imports it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.values.tensor import NoTensor, Tensor
from ml.values.tensor_form import form_of
from schemas.data import Column, ScalarType
from schemas.signature import Input

SHA256, SUMMARY = "sha256", "summary"
"""The keys of what the journal keeps of an array that it does not keep whole."""
_LUMINANCE = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue. Source: Recommendation ITU-R BT.601."""


class Summary(NamedTuple):
    """One column that stands for an input, or a part of it, where inputs are looked at."""

    column: str
    type: ScalarType
    input: str
    name: str | None
    """Which number of an array it is; None: the input itself, a column of single values."""


def summaries(inputs: Sequence[Input] | Sequence[Column]) -> list[Summary]:
    """Return the columns that inputs are looked at by: themselves, and of each array its numbers as `INPUT.NAME`."""
    found: list[Summary] = []
    for one in inputs:
        if one.shape is None:
            found.append(Summary(one.name, one.type, one.name, None))  # type: ignore[arg-type]
        else:
            found += [Summary(f"{one.name}.{name}", "number", one.name, name) for name in summary_names(one)]
    return found


def summary_names(one: Input | Column) -> list[str]:
    """Return the names of the numbers that stand for an array of an input.

    A picture has brightness and contrast (mean and deviation of the luminance, 0 to 1), all others mean, deviation,
    minimum and maximum. Of free axes there is the length: `length`, or `height` and `width` of a picture, or `axis_N`.
    """
    assert one.shape is not None, "single values have no summary"
    own = ["brightness", "contrast"] if one.type == "picture" else ["mean", "deviation", "minimum", "maximum"]
    return [*own, *(_axis(one, place) for place, length in enumerate(one.shape) if length is None)]


def summarize_array(one: Input | Column, cell: Tensor) -> dict[str, float]:
    """Return those numbers of one array."""
    array = cell.array
    if one.type == "picture":
        luminance = _luminance(array)
        found = {"brightness": float(luminance.mean()), "contrast": float(luminance.std())}
    else:
        numbers = array.astype(np.float64)
        found = {
            "mean": float(numbers.mean()),
            "deviation": float(numbers.std()),
            "minimum": float(numbers.min()),
            "maximum": float(numbers.max()),
        }
    lengths = zip(one.shape or (), array.shape, strict=True)
    return found | {_axis(one, place): float(got) for place, (length, got) in enumerate(lengths) if length is None}


def summarized(columns: Mapping[str, Sequence[Any]], inputs: Sequence[Input] | Sequence[Column]) -> dict[str, Any]:
    """Return columns with the numbers of arrays in the place of the arrays.

    Args:
        columns: Cells by input; of arrays `Tensor`s, nested lists, or what the journal kept. Inputs may be absent.
        inputs: What they are.
    """
    found: dict[str, Any] = {}
    for one in inputs:
        if one.name not in columns:
            continue
        if one.shape is None:
            found[one.name] = columns[one.name]
            continue
        kept = [_summary(one, cell) for cell in columns[one.name]]
        for name in summary_names(one):
            found[f"{one.name}.{name}"] = [None if summary is None else summary.get(name) for summary in kept]
    return found


def _summary(one: Input | Column, cell: Any) -> Mapping[str, Any] | None:
    """Return the numbers of one cell, None where it is missing or nothing can be made of it."""
    if isinstance(cell, Mapping):
        kept = cell.get(SUMMARY)
        return kept if isinstance(kept, Mapping) else None
    if cell is None:
        return None
    try:
        return summarize_array(one, form_of(one).read(cell))
    except NoTensor:
        return None


def _axis(one: Input | Column, place: int) -> str:
    if one.type == "picture":
        return ("height", "width", "channels")[place]
    return "length" if place == 0 and one.type == "sequence" else f"axis_{place}"


def _luminance(array: NDArray[Any]) -> NDArray[np.float64]:
    scale = 255.0 if array.dtype == np.uint8 else 1.0
    colours = array[..., :3].astype(np.float64) / scale
    return colours @ _LUMINANCE if colours.shape[-1] == len(_LUMINANCE) else colours[..., 0]
