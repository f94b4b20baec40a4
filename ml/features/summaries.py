"""A few values for each array and text: what profiles, data checks and the journal keep of inputs too large to show.

Light: the service imports it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.text.summaries import LANGUAGE, TYPES, UNKNOWN_SHARE, summarize
from ml.values.tensor import NoTensor, Tensor
from ml.values.tensor_form import form_of
from schemas.column_types import TEXT, ScalarType
from schemas.data import Column
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
    """Which value of an array or text it is; None: the input itself, a column of single values."""


def summaries(inputs: Sequence[Input] | Sequence[Column], *, fitted: bool = True) -> list[Summary]:
    """Return the columns that inputs are looked at by: themselves, and of each array and text `INPUT.NAME`.

    Args:
        inputs: Inputs, or columns.
        fitted: Whether it is known which words of texts a model knows.
    """
    found: list[Summary] = []
    for one in inputs:
        if is_single(one):
            found.append(Summary(one.name, one.type, one.name, None))  # type: ignore[arg-type]
        else:
            names = [name for name in summary_names(one) if fitted or name != UNKNOWN_SHARE]
            found += [Summary(f"{one.name}.{name}", _type(one, name), one.name, name) for name in names]
    return found


def is_single(one: Input | Column) -> bool:
    """Whether the cells of an input are single values, which are looked at as they are."""
    return one.shape is None and one.type != TEXT


def summary_names(one: Input | Column) -> list[str]:
    """Return the names of the values that stand for an array or a text of an input.

    A text has its characters, words and the share of words that the model does not know, and its language where
    languages are declared. A picture has brightness and contrast (mean and deviation of the luminance, 0 to 1), other
    arrays mean, deviation, minimum and maximum. Of free axes there is the length: `length`, or `height` and `width` of
    a picture, or `axis_N`.
    """
    if one.type == TEXT:
        return [name for name in TYPES if name != LANGUAGE or _languages(one)]
    assert one.shape is not None, "single values have no summary"
    own = ["brightness", "contrast"] if one.type == "picture" else ["mean", "deviation", "minimum", "maximum"]
    return [*own, *(_axis(one, place) for place, length in enumerate(one.shape) if length is None)]


def summarize_text(one: Input | Column, text: str, vocabulary: Collection[str] | None) -> dict[str, Any]:
    """Return those values of one text; `vocabulary` are the words that a model knows, None where there is none yet."""
    return summarize(text, vocabulary, tell=bool(_languages(one)))


def _languages(one: Input | Column) -> list[str] | None:
    if isinstance(one, Input):
        return one.languages
    return None if one.text is None else one.text.languages


def _type(one: Input | Column, name: str) -> ScalarType:
    return TYPES[name] if one.type == TEXT else "number"


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


def summarized(
    columns: Mapping[str, Sequence[Any]],
    inputs: Sequence[Input] | Sequence[Column],
    vocabularies: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Any]:
    """Return columns with what stands for arrays and texts in their place.

    Args:
        columns: Cells by input; of arrays `Tensor`s, nested lists, or what the journal kept. Inputs may be absent.
        inputs: What they are.
        vocabularies: For texts the words that the model knows; None where there is no model yet.
    """
    found: dict[str, Any] = {}
    for one in inputs:
        if one.name not in columns:
            continue
        if is_single(one):
            found[one.name] = columns[one.name]
            continue
        known = None if vocabularies is None else vocabularies.get(one.name, ())
        kept = [_summary(one, cell, known) for cell in columns[one.name]]
        for name in summary_names(one):
            if vocabularies is not None or name != UNKNOWN_SHARE:
                found[f"{one.name}.{name}"] = [None if summary is None else summary.get(name) for summary in kept]
    return found


def _summary(one: Input | Column, cell: Any, known: Collection[str] | None) -> Mapping[str, Any] | None:
    """Return the values of one cell, None where it is missing or nothing can be made of it."""
    if isinstance(cell, Mapping):
        kept = cell.get(SUMMARY)
        return kept if isinstance(kept, Mapping) else None
    if cell is None:
        return None
    if one.type == TEXT:
        return summarize_text(one, cell, known) if isinstance(cell, str) else None
    try:
        return summarize_array(one, form_of(one).read(cell))
    except NoTensor:
        return None


def _axis(one: Input | Column, place: int) -> str:
    if one.type == "picture":
        return ("height", "width", "channels")[place]
    return "length" if place == 0 and one.type == "sequence" else f"axis_{place}"


def _luminance(array: NDArray[Any]) -> NDArray[np.float64]:
    scale = 1.0 if array.dtype.kind == "f" else 255.0
    colours = array[..., :3].astype(np.float64) / scale
    return colours @ _LUMINANCE if colours.shape[-1] == len(_LUMINANCE) else colours[..., 0]
