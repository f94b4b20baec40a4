"""What must be true before rows are predicted: they are there, and where the predictions go nothing is."""

import os
import shlex
from pathlib import Path
from typing import Any

from cli.preflight.looked import where_looked
from ml.batch.header import as_batch_keys
from ml.batch.rejected_rows import is_errors_file
from ml.io.new_file import local_file_faults
from schemas.choice import Choice
from schemas.errors import ConfigurationError, Fault
from schemas.run import BatchSpec
from steps.components import create


def batch_faults(batch: BatchSpec) -> list[Fault]:
    """Return what is wrong with input, output and file of errors; nothing is made, of the rows a head is read."""
    given = _path(batch.input)
    clash = _clash("batch.output.path", _path(batch.output), given, "the input")
    source = create("load", batch.input)
    faults = [
        Fault(fault.path, as_batch_keys(fault.message, source), as_batch_keys(fault.hint, source) or _looked(fault))
        for fault in _placed("batch.input", source)
    ]
    sink = create("write", batch.output)
    faults += [clash] if clash else _placed("batch.output", sink)
    if batch.errors is not None:
        clash = _clash("batch.errors", batch.errors, given, "the input") or _clash(
            "batch.errors", batch.errors, _path(batch.output), "the output"
        )
        faults += [clash] if clash else _errors_faults(batch.errors, replace=sink.replaces)
    return _once(faults)


def _looked(fault: Fault) -> str:
    return where_looked(Fault(fault.path.removeprefix("batch.input."), fault.message))


def _errors_faults(path: str, *, replace: bool) -> list[Fault]:
    is_ours = "://" not in path and is_errors_file(Path(path))
    if is_ours and not replace:
        what = f"{path} holds what an earlier run refused, and nothing is overwritten unasked"
        hint = f"rm {shlex.quote(path)}, batch.errors=ANOTHER.csv, or batch.output.replace=true"
        return [Fault("batch.errors", what, hint)]
    return local_file_faults(path, "batch.errors", replace=is_ours)


def _path(choice: Choice) -> str | None:
    path = choice.params.get("path")
    return path if isinstance(path, str) else None


def _placed(block: str, component: Any) -> list[Fault]:
    try:
        found = component.preflight()
    except ConfigurationError as error:  # a component's secret that is not there
        found = error.faults
    return [Fault(f"{block}.{fault.path}".rstrip("."), fault.message, fault.hint) for fault in found]


def _clash(key: str, path: str | None, other: str | None, what: str) -> Fault | None:
    if path is None or other is None or "://" in path or "://" in other:
        return None
    same = os.path.realpath(path) == os.path.realpath(other) or (
        Path(path).exists() and Path(other).exists() and Path(path).samefile(other)
    )
    return Fault(key, f"{path} is {what}", "name another file") if same else None


def _once(faults: list[Fault]) -> list[Fault]:
    """Report once what a folder lacks that the output and the file of errors share."""
    kept: dict[str, Fault] = {}
    for fault in faults:
        kept.setdefault(fault.message, fault)
    return list(kept.values())
