"""`docs/reference/`: a page for each group of `conf/`, made from the schemas, so that it cannot go stale.

python -m cli.reference          writes the pages; a test compares them with what stands there
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel

from cli.config.comments import opening_comment
from cli.config.repository import CONF
from cli.reference.keys import Row, keys, of_estimators
from schemas.capacity import CapacitySpec
from schemas.data_spec import DataSpec
from schemas.deploy_spec import DeploySpec
from schemas.home import ROOT
from schemas.journal_spec import JournalSpec
from schemas.retraining import RetrainSpec
from schemas.run import BatchSpec, GateSpec, MonitorSpec, PackageSpec, ReviewSpec, Run
from schemas.split_spec import SplitSpec
from schemas.stack import StackSpec
from steps import registry

FOLDER = ROOT / "docs" / "reference"
_MADE = "<!-- made by python -m cli.reference from the schemas; edit those -->"


class Page(NamedTuple):
    """One page: its schema, keys of the schema that a person does not give, the kinds of component that stand here."""

    about: str
    schema: type[BaseModel] | None = None
    hidden: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


PAGES = {
    "experiment": Page(
        "What to learn, never where. An experiment is one YAML file; it chooses an option of each group and sets keys.",
        Run,
        tuple(name for name in Run.model_fields if name not in ("name", "seed", "metric", "baseline")),
    ),
    "pipeline": Page("What is done with the experiment."),
    "data": Page("Where the rows come from and what they must satisfy.", DataSpec, ("source",), ("load",)),
    "split": Page("Which rows train, validate and test.", SplitSpec, ("method",), ("split",)),
    "trainer": Page("What learns. `baseline:` takes the same names and parameters, and `auto`.", kinds=("train",)),
    "review": Page("Which predictions are routed to review. Without the block: none.", ReviewSpec),
    "package": Page("The packaged form of the model, and what it may cost to make.", PackageSpec),
    "gate": Page("What a candidate must satisfy before it may be deployed.", GateSpec, ("checks",)),
    "deploy": Page("The service: its address, port and limits.", DeploySpec),
    "journal": Page("What the journal keeps of the inputs of each prediction.", JournalSpec),
    "monitor": Page("Which window of the journal is compared, and what counts as drift.", MonitorSpec),
    "retrain": Page(
        "What `pipeline=retraining` takes from the journal, when it is due, and what its model must not be worse than.",
        RetrainSpec,
    ),
    "batch": Page(
        "Rows for `pipeline=batch_inference`. A component's own parameters stand flat under `input` and `output`; "
        "`name` may be left out where the path's ending implies it.",
        BatchSpec,
        kinds=("write",),
    ),
    "capacity": Page("How `pipeline=capacity` loads a copy of the service, and what it plans for.", CapacitySpec),
    "stack": Page("Where a run happens.", StackSpec),
}


def render(name: str) -> str:
    """Return a page as Markdown."""
    page = PAGES[name]
    parts = [f"# {name}", page.about, *_options(name)]
    if page.schema is not None:
        prefix = f"{name}." if name != "experiment" else ""
        parts += ["## Keys", _table("key", _as_composed(name, keys(page.schema, prefix, page.hidden)))]
    for component_kind in page.kinds:
        parts += [
            part for component in registry.names(component_kind) for part in _component(component_kind, component)
        ]
    return "\n\n".join([_MADE, *parts]) + "\n"


def _options(group: str) -> Iterator[str]:
    files = sorted((CONF / group).glob("*.yaml"))
    if files:
        lines = [f"| `{group}={file.stem}` | {_cell(opening_comment(file))} |" for file in files]
        yield "\n".join(["| option | |", "|---|---|", *lines]).replace("`experiment=", "`+experiment=")


def _as_composed(name: str, rows: list[Row], option: str = "*") -> list[Row]:
    """Return the rows with the defaults that conf/ gives where the schema has none."""
    files = [CONF / "config.yaml"] if name == "experiment" else sorted((CONF / name).glob(f"{option}.yaml"))
    composed = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    prefix = "" if name == "experiment" else f"{name}."
    first: dict[str, Any] = composed[0] if composed else {}
    agreed = {
        f"{prefix}{key}": f"`{json.dumps(value)}`"
        for key, value in first.items()
        if value != "???" and all(one.get(key, "???") == value for one in composed)
    }
    return [
        (key, kind, agreed.get(key, default) if default == "required" else default, text)
        for key, kind, default, text in rows
    ]


def _component(component_kind: str, name: str) -> Iterator[str]:
    if registry.origin(component_kind, name) != registry.OWN:
        return
    component = registry.lookup(component_kind, name)
    block = {"load": "data", "train": "trainer", "write": "batch.output"}.get(component_kind, component_kind)
    yield f"## `{block}.name: {name}`"
    yield str(component.__doc__).strip().split("\n\n")[0]
    presets = of_estimators(component, f"{block}.")
    rows = presets or _as_composed(block, keys(component.Params, f"{block}."), name)
    yield _table("key", rows) if rows else "No parameters."


def _table(first: str, rows: list[Row]) -> str:
    head = [f"| {first} | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| `{key}` | {' | '.join(map(_cell, rest))} |" for key, *rest in rows)])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def main() -> int:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / f"{name}.md").write_text(render(name), encoding="utf-8")
    return 0
