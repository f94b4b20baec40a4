"""The input: has it the columns that a version needs, and none of the names that its predictions get?"""

import re
from collections.abc import Sequence

from ml.components.source import Source
from ml.predictions.table import prediction_names
from schemas.errors import Fault, did_you_mean, listed
from schemas.signature import Signature, WindowDerivation

NO_SERIES = "the journal takes rows that are predicted one by one, and this model forecasts whole series"


def input_faults(
    source: Source, header: Sequence[str], signature: Signature, version: str, *, journal: bool = False
) -> list[Fault]:
    """Return what keeps every row of a source from being predicted, without its content where it is no table."""
    faults = header_faults(header, signature, version, journal=journal)
    window = signature.window
    asked = [item.name for item in signature.inputs] if window is None else [window.time, signature.output.target]
    lacking = [name for name in asked if name not in header]
    if not faults:
        return []
    if lacking and (hint := source.header_elsewhere(lacking)):
        what = f"the first line has no column {lacking[0]!r}, which version {version} predicts from"
        return [Fault("batch.input", what, as_batch_keys(hint, source))]
    if why := source.why_no_table():
        return [Fault("batch.input", why, "name a table")]
    return faults


def header_faults(header: Sequence[str], signature: Signature, version: str, *, journal: bool = False) -> list[Fault]:
    """Return what keeps every row of such a table from being predicted."""
    if signature.window is not None:
        found = [Fault("batch.journal", NO_SERIES, "leave it out, or batch.journal=false")] if journal else []
        return found + _series_faults(list(header), signature, signature.window, version)
    names = list(header)
    needed = [item.name for item in signature.inputs if not item.nullable and item.name not in names]
    free = [name for name in names if name not in {item.name for item in signature.inputs}]
    faults = [
        Fault(
            "batch.input",
            f"there is no column {name!r}, and version {version} cannot do without it.{did_you_mean(name, free)}",
            f"columns: {listed(names)}",
        )
        for name in needed
    ]
    if not needed and signature.inputs and not any(item.name in names for item in signature.inputs):
        wanted = listed([item.name for item in signature.inputs])
        what = f"none of the columns is one that version {version} predicts from"
        faults.append(Fault("batch.input", what, f"it takes {wanted}; the table has {listed(names)}"))
    # Databases take names that differ in case for one.
    reserved = {
        name.casefold() for name in prediction_names(signature.output, flags=signature.can_flag, journal=journal)
    }
    return faults + [
        Fault("batch.input", f"column {name!r} has the name of a column of the predictions", "rename it in the table")
        for name in names
        if name.casefold() in reserved
    ]


def _series_faults(header: Sequence[str], signature: Signature, window: WindowDerivation, version: str) -> list[Fault]:
    """Return what keeps series from being forecast: a table of them is long, a row for each point that was measured."""
    wanted = [name for name in (window.series, window.time, signature.output.target) if name is not None]
    free = [name for name in header if name not in wanted]
    faults = [
        Fault(
            "batch.input",
            f"there is no column {name!r}, and version {version} cannot do without it.{did_you_mean(name, free)}",
            f"columns: {listed(list(header))}",
        )
        for name in wanted
        if name not in header
    ]
    reserved = {name.casefold() for name in prediction_names(signature.output)}
    return faults + [
        Fault("batch.input", f"column {name!r} has the name of a column of the predictions", "rename it in the table")
        for name in wanted
        if name.casefold() in reserved
    ]


def absent(header: Sequence[str], signature: Signature) -> list[str]:
    """Return a line for each column that the model takes and the table does not have; they count as missing."""
    free = [name for name in header if name not in {item.name for item in signature.inputs}]
    return [
        f"there is no column {item.name!r}: it counts as missing in every row.{did_you_mean(item.name, free)}"
        for item in signature.inputs
        if item.name not in header
    ]


def as_batch_keys(text: str, source: Source) -> str:
    """Return what a source says of keys, which it takes to stand under `data`, with the paths that they have here."""
    keys = "|".join(source.Params.model_fields)
    return re.sub(rf"\bdata\.({keys})\b", r"batch.input.\1", text)
