"""The `batch` block: two components whose keys stand flat, named by what is given where no name is."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from cli.config.components import choose
from cli.config.paths import here, placed, placed_here
from cli.config.reading import Reading
from schemas.errors import ConfigurationError, Fault
from schemas.pipelines import PIPELINES
from steps import registry

_STAND_IN = "?"
_KINDS = {"input": "load", "output": "write"}
_COMPRESSIONS = (".gz", ".bz2", ".xz", ".zip")
_EXAMPLE = "batch.input.path=new.csv batch.output.path=predictions.csv"


def read_batch(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the block with a choice for `input` and `output`, and what is wrong with them."""
    built: dict[str, Any] = dict(block)
    faults: list[Fault] = []
    for side, kind in _KINDS.items():
        flat = block.get(side)
        if not isinstance(flat, Mapping):
            built[side] = {"name": _STAND_IN}
            wrong = "must be given" if flat is None else f"{flat!r} is not a mapping of keys to values"
            faults.append(Fault(f"batch.{side}", wrong, f"for example {_EXAMPLE}"))
            continue
        name = _name(kind, flat)
        fault = _unnamed(side, flat) if name is None else None
        choice, wrongs = (None, [fault]) if fault else choose(f"batch.{side}", kind, {**flat, "name": name})
        built[side] = choice.model_dump() if choice is not None else {"name": _STAND_IN}
        faults += wrongs
    return built, faults


def batch_is_given(reading: Reading) -> Reading:
    """Find that a pipeline asks for the block and it is not there."""
    pipeline = PIPELINES.get(str(reading.tree.get("pipeline")))
    if pipeline is None or "batch" not in pipeline.inputs or reading.tree.get("batch") is not None:
        return reading
    what = "must be given: the rows to predict, and where predictions go"
    return reading.with_faults([Fault("batch", what, f"for example {_EXAMPLE}")])


def read_as_data(reading: Reading) -> Reading:
    """Let an input of the experiment's own source be read as the experiment says that its rows are written."""
    data, batch = reading.tree.get("data"), reading.tree.get("batch")
    if not isinstance(data, Mapping) or not isinstance(batch, Mapping):
        return reading
    source, given = data["source"], batch["input"]
    if source["name"] != given["name"] or source["name"] == _STAND_IN:
        return reading
    known, own, component = source["params"], given["params"], registry.lookup("load", source["name"])
    taken = {
        key: known[key]
        for group in component.reading_keys
        if not any(key in own for key in group)
        for key in group
        if key in known
    }
    left = [_left_to_the_batch(key, known[key]) for key in component.file_keys if known.get(key) and key not in own]
    read = reading.with_blocks({"batch": {**batch, "input": {**given, "params": {**taken, **own}}}})
    return replace(read, notes=(*reading.notes, *left))


def place_batch(reading: Reading) -> Reading:
    """Make the block's paths absolute: an input is found as `data.path` is, outputs belong to the current folder."""
    block = reading.tree.get("batch")
    if not isinstance(block, Mapping):
        return reading
    built: dict[str, Any] = dict(block)
    given, output, errors = block.get("input"), block.get("output"), block.get("errors")
    if isinstance(given, Mapping):
        built["input"] = placed(given, reading.composition, "batch.input")
    if isinstance(output, Mapping):
        built["output"] = placed_here(output)
    if isinstance(errors, str):
        built["errors"] = here(errors)
    elif errors is None and isinstance(output, Mapping):
        built["errors"] = _errors_beside(built["output"])
    return reading.with_blocks({"batch": built})


def _left_to_the_batch(key: str, value: object) -> str:
    return (
        f"batch.input.{key} is not declared, and data.{key}={value} is not taken over: a file without such lines would "
        f"lose rows unnoticed. Declare batch.input.{key}={value} where they stand in this file too, else 0"
    )


def _errors_beside(output: Mapping[str, Any]) -> str:
    """Return `out.csv.errors.csv` beside `out.csv`; for a URL and a table `NAME.errors.csv` in the current folder."""
    path = output.get("path")
    if isinstance(path, str) and "://" not in path:
        return f"{path}.errors.csv"
    named = path.split("?")[0].rstrip("/").rpartition("/")[2] if isinstance(path, str) else output.get("table")
    name = named.replace("/", "_") if isinstance(named, str) and named else "batch"
    return str(Path.cwd() / f"{name}.errors.csv")


def _name(kind: str, flat: Mapping[str, Any]) -> Any:
    """Return the name given, else that of the component whose ending or keys the block has, else None."""
    if flat.get("name") is not None:
        return flat["name"]
    path = flat.get("path")
    if not isinstance(path, str):
        return next((name for name, one in _components(kind) if any(key in flat for key in one.keys)), None)
    endings = [ending.lower() for ending in PurePath(path.split("?")[0] if "://" in path else path).suffixes]
    while endings and endings[-1] in _COMPRESSIONS:
        endings.pop()
    return next((name for name, one in _components(kind) if endings and endings[-1] in one.endings), None)


def _components(kind: str) -> Iterator[tuple[str, Any]]:
    """Yield name and class of all that can be imported, ours first: a plug-in is imported where none of ours fits."""
    for name in sorted(registry.names(kind), key=lambda name: registry.origin(kind, name) != registry.OWN):
        try:
            yield name, registry.lookup(kind, name)
        except ConfigurationError:
            continue  # who names it is told why


def _unnamed(side: str, flat: Mapping[str, Any]) -> Fault:
    kind = _KINDS[side]
    known = f"one of: {', '.join(registry.names(kind))}"
    if isinstance(flat.get("path"), str):
        endings = sorted({ending for _, one in _components(kind) for ending in one.endings})
        what = f"must be given: the ending of {flat['path']} is none of {', '.join(endings)}"
        return Fault(f"batch.{side}.name", what, known)
    return Fault(f"batch.{side}", "names neither a path nor a database", f"for example batch.{side}.path=…; or {known}")
