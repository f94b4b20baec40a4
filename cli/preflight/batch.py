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
    taken = _files_of(batch.input)
    clash = _clash("batch.output.path", _path(batch.output), taken, "the input") or _same_table(batch)
    source = create("load", batch.input)
    faults = [
        Fault(fault.path, as_batch_keys(fault.message, source), as_batch_keys(fault.hint, source) or _looked(fault))
        for fault in _placed("batch.input", source)
    ]
    sink = create("write", batch.output)
    faults += [clash] if clash else _placed("batch.output", sink)
    if batch.errors is not None:
        clash = _clash("batch.errors", batch.errors, taken, "the input") or _clash(
            "batch.errors", batch.errors, _files_of(batch.output), "the output"
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


def _files_of(choice: Choice) -> list[Path]:
    """Return the local files that a component reads or writes: of a folder or a glob all that are there."""
    url = choice.params.get("url")
    sqlite = url.partition(":///")[2].partition("?")[0] if isinstance(url, str) and url.startswith("sqlite") else ""
    name = sqlite or (_path(choice) or "").removeprefix("file://")
    if not name or "://" in name or "::" in name:
        return []
    if Path(name).is_dir():
        return [file for file in Path(name).rglob("*") if file.is_file()]
    pattern = Path(name)
    return [pattern, *Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))]


def _clash(key: str, path: str | None, taken: list[Path], what: str) -> Fault | None:
    if path is None or "://" in path:
        return None
    same = any(
        os.path.realpath(path) == os.path.realpath(one)
        or (Path(path).exists() and one.exists() and Path(path).samefile(one))
        for one in taken
    )
    return Fault(key, f"{path} is {what}", "name another file") if same else None


def _same_table(batch: BatchSpec) -> Fault | None:
    """Return a fault where rows would be read from the table that they are written to."""
    places = [
        tuple(str(choice.params.get(key)) for key in ("url", "database_schema", "table"))
        for choice in (batch.input, batch.output)
    ]
    if batch.output.params.get("table") is None or places[0] != places[1]:
        return None
    return Fault("batch.output.table", f"{places[1][2]} is the input", "name another table")


def _once(faults: list[Fault]) -> list[Fault]:
    """Report once what a folder lacks that the output and the file of errors share."""
    kept: dict[str, Fault] = {}
    for fault in faults:
        kept.setdefault(fault.message, fault)
    return list(kept.values())
