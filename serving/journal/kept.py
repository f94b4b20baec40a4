"""What the journal keeps of a row's inputs: single values as they were sent, of arrays and texts what is declared."""

import base64
import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from ml.features.summaries import SHA256, SUMMARY, is_single, summarize_array, summarize_text
from ml.values.tensor import Tensor, as_json
from schemas.column_names import composed
from schemas.journal_spec import Keep
from schemas.signature import Input, Signature

THUMBNAIL = "thumbnail"
_SIDE = 64  # pixels


class Keeper:
    """A signature's arrays and texts, and what is kept of them.

    Args:
        signature: The inputs.
        keep: `digest`: sha256 and summary of an array or a text; `thumbnail`: of a picture also a PNG of at most 64
            pixels a side; `whole`: all as it was sent.
    """

    def __init__(self, signature: Signature, keep: Keep) -> None:
        large = [one for one in signature.inputs if not is_single(one)]
        self._kept = {} if keep == "whole" else {one.name: one for one in large}
        self._words = signature.vocabularies()
        self._thumbnails = keep == "thumbnail"

    @property
    def names(self) -> list[str]:
        """The inputs that are not kept as they were sent."""
        return list(self._kept)

    def row(self, inputs: Mapping[str, Any], cells: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept of one row.

        Args:
            inputs: As it was sent.
            cells: The arrays and texts that were read from it, by input.
        """
        kept: dict[str, Any] = {}
        for sent, value in inputs.items():
            name = composed(sent)  # another form of the same letters is the same name
            kept |= {name: self._of(name, cells[name])} if name in self._kept else {sent: as_json(value)}
        return kept

    def _of(self, name: str, cell: Tensor | str | None) -> dict[str, Any] | None:
        one = self._kept[name]
        if cell is None:
            return None
        if isinstance(cell, str):
            digest = hashlib.sha256(cell.encode()).hexdigest()
            return {SHA256: digest, SUMMARY: summarize_text(one, cell, self._words.get(name, ()))}
        kept: dict[str, Any] = {SHA256: cell.digest, SUMMARY: summarize_array(one, cell)}
        return kept | {THUMBNAIL: _thumbnail(one, cell)} if self._thumbnails and one.mode is not None else kept


def _thumbnail(one: Input, cell: Tensor) -> str:
    """Return a small PNG of a picture, as base64."""
    from PIL import Image

    numbers = cell.array * 255 if cell.array.dtype.kind == "f" else cell.array
    array = np.clip(numbers, 0, 255).astype(np.uint8)
    picture = Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array, mode=one.mode)
    picture.thumbnail((_SIDE, _SIDE))
    file = BytesIO()
    picture.save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()
