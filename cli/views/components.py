"""`action=components`: every component, by kind, and every stack that is here."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from omegaconf import OmegaConf
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from rich.console import Console
from rich.table import Table

from cli.config.repository import Repository
from cli.config.schema_paths import describe
from ml.components.trainer import Trainer
from schemas.errors import ConfigurationError
from schemas.run import GateSpec
from steps import registry

_BLOCKS = {"load": "data", "train": "trainer"}


class Row(NamedTuple):
    """One parameter of one component; `parameter` is empty for a component without any."""

    kind: str
    component: str
    origin: str
    parameter: str
    type: str
    default: str


def show_components(console: Console, repository: Repository) -> None:
    """Print the table, then the plug-ins that do not work; columns are parted by tabs when not a terminal."""
    rows = [*component_rows(), *gate_rows(), *stack_rows(repository)]
    if console.is_terminal:
        table = Table(*(field for field in Row._fields), box=None)
        for position, row in enumerate(rows):
            same = position > 0 and row[:3] == rows[position - 1][:3]
            table.add_row(*(("", "", "") if same else row[:3]), *row[3:])
        console.print(table)
    else:
        for row in [Row("kind", "component", "origin", "parameter", "type", "default"), *rows]:
            console.file.write("\t".join(row) + "\n")  # rich would turn the tabs into spaces
    for fault in registry.broken():
        console.print(f"broken: {fault}", markup=False, highlight=False, soft_wrap=True)


def component_rows() -> Iterator[Row]:
    """Yield every parameter of every component that can be imported."""
    for component_kind in registry.KINDS:
        for name in registry.names(component_kind):
            try:
                component = registry.lookup(component_kind, name)
            except ConfigurationError:
                continue  # `registry.broken` reports it
            if component_kind == "gate" and registry.origin(component_kind, name) == registry.OWN:
                continue  # `gate_rows` has their keys as an experiment writes them
            head = (_BLOCKS.get(component_kind, component_kind), name, registry.origin(component_kind, name))
            parameters = [*_parameters(component.Params), *_estimator_parameters(component)]
            for parameter in parameters or [("", "", "")]:
                yield Row(*head, *parameter)


def gate_rows() -> Iterator[Row]:
    """Yield the gate's own keys."""
    for parameter in _parameters(GateSpec):
        if parameter[0] != "checks":
            yield Row("gate", parameter[0], registry.OWN, *parameter)


def _parameters(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        yield name, describe(field.annotation), default
    if model.model_config.get("extra") == "allow":
        yield "…", "any other key, checked by the component", ""


def _estimator_parameters(component: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what the presets take: the parameters of the scikit-learn classes behind them."""
    if not issubclass(component, Trainer):
        return
    from ml.trainers.sklearn.catalog import parameters

    for estimator in component.estimators("auto"):
        for name, default in parameters(estimator).items():
            yield name, f"of {estimator.__name__}", str(default)


def _default(value: Any) -> str:
    return "" if value is PydanticUndefined else str(value)


def stack_rows(repository: Repository) -> Iterator[Row]:
    """Yield every part of every stack that can be chosen."""
    for option in repository.get_group_options("stack"):
        source = next(source for source in repository.get_sources() if source.is_config(f"stack/{option}"))
        origin = registry.OWN if source.provider == "main" else source.path
        loaded = source.load_config(f"stack/{option}").config
        parts = OmegaConf.to_container(loaded, resolve=False)
        for kind, part in parts.items() if isinstance(parts, dict) else ():
            if kind != "name":
                flavor = part.get("flavor") if isinstance(part, dict) else part
                yield Row("stack", option, origin, str(kind), "flavor", str(flavor))
