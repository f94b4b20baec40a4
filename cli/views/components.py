"""`action=components`: what can be chosen here, as a table, as lines for programs, or as JSON."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from schemas.catalog import Catalog, Component, Option
from schemas.errors import Fault


class Row(NamedTuple):
    """A component, flavor or option (`parameter` is empty), or one parameter of it."""

    kind: str
    component: str
    origin: str
    parameter: str
    type: str
    default: str
    description: str


def show_components(console: Console, catalog: Catalog) -> None:
    """Print the rows, then what does not work; columns are parted by tabs when not a terminal."""
    if console.is_terminal:
        table = Table(*Row._fields, box=None)
        for row in rows(catalog):
            table.add_row(*(("", "", "") if row.parameter else row[:3]), *row[3:])
        console.print(table)
    else:
        for row in [Row(*Row._fields), *rows(catalog)]:
            console.file.write("\t".join(map(_one_line, row)) + "\n")  # rich would turn the tabs into spaces
    for one in catalog.broken:
        fault = Fault(one.path, one.message, one.hint)
        console.print(f"broken: {fault}", markup=False, highlight=False, soft_wrap=True)


def write_components(console: Console, catalog: Catalog) -> None:
    """Write the catalog as JSON."""
    console.file.write(catalog.model_dump_json(indent=1) + "\n")


def rows(catalog: Catalog) -> Iterator[Row]:
    """Yield a row for everything, followed by a row for each of its parameters or parts."""
    for component in catalog.components:
        yield from _component(component.kind, component)
    for flavor in catalog.flavors:
        yield from _component(f"{flavor.kind} flavor", flavor)
    for option in catalog.options:
        yield from _option(option)


def _component(kind: str, component: Component) -> Iterator[Row]:
    head = (kind, component.name, component.origin)
    if [one.name for one in component.parameters] != [component.name]:  # a key of the gate is described once
        yield Row(*head, "", "", "", component.description)
    for one in component.parameters:
        yield Row(*head, one.name, one.type, "required" if one.required else _shown(one.default), one.description)


def _option(option: Option) -> Iterator[Row]:
    typed = "+experiment" if option.group == "experiment" else option.group
    head = (option.group, f"{typed}={option.name}", option.origin)
    yield Row(*head, "", "", "", option.description)
    for kind, flavor in option.flavors.items():
        yield Row(*head, kind, "flavor", flavor, "")


def _shown(value: JsonValue) -> str:
    return str(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())
