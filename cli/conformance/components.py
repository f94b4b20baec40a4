"""The suite over components."""

from collections.abc import Callable, Iterator
from typing import Any

from cli.conformance.examples import GROUP, example_of
from cli.conformance.owners import OURS, entries_of
from drivetrain.testing import (
    Example,
    Violation,
    check_declaration,
    check_gate_check,
    check_sink,
    check_source,
    check_splitter,
    check_trainer,
    examine,
)
from schemas.errors import ConfigurationError
from steps import registry

_SUITES: dict[str, Callable[..., list[Violation]]] = {
    "load": check_source,
    "split": check_splitter,
    "train": check_trainer,
    "write": check_sink,
    "gate": check_gate_check,
}
_NO_EXAMPLE = (
    "it has parameters without a default, and nothing says with which it can be tried: name a function of an empty "
    'folder and rows as the entry point [project.entry-points."drivetrain.examples"] "{}" = "module:function"'
)


def component_names(owner: str) -> Iterator[tuple[str, str]]:
    """Yield kind and name of what an owner brings, those that cannot be looked up included."""
    if owner == OURS:
        for kind in registry.KINDS:
            yield from ((kind, name) for name in registry.names(kind) if registry.origin(kind, name) == OURS)
        return
    for entry in entries_of(owner, registry.GROUP):
        kind, _, name = entry.name.partition(".")
        yield kind, name


def check_examples(owner: str) -> list[Violation]:
    """Return the examples of a package that are of no component that it brings: nothing is tried with them."""
    brought = {f"{kind}.{name}" for kind, name in component_names(owner)}
    strays = [entry.name for entry in entries_of(owner, GROUP) if entry.name not in brought]
    return [Violation(f"example {name}", "registered", "the package brings no such component") for name in strays]


def check_component(owner: str, kind: str, name: str) -> list[Violation]:
    """Return what a registered component breaks of the contract."""
    subject = f"{registry.NOUNS.get(kind, kind)} {name}".rstrip()
    if kind not in registry.KINDS or not name:
        what = f"{kind}.{name}".rstrip(".")
        return [Violation(subject, "registered", f"{what!r} is not kind.name; kinds: {', '.join(registry.KINDS)}")]
    if owner != OURS and registry.origin(kind, name) == OURS:
        return [Violation(subject, "registered", "it is one of our own names, and ours is used: give it another")]
    try:
        component = registry.lookup(kind, name)
    except ConfigurationError as error:
        return [Violation(subject, "registered", fault.message) for fault in error.faults]
    return _tried(subject, kind, name, component)


def _tried(subject: str, kind: str, name: str, component: type[Any]) -> list[Violation]:
    examples: list[Example] = []

    def find() -> Iterator[str]:
        found = example_of(kind, name, component.Params)
        if found is None:
            yield _NO_EXAMPLE.format(f"{kind}.{name}")
        else:
            examples.append(found)

    unknown = examine(subject, [("example", find)])
    if unknown:
        return [*unknown, *check_declaration(component, name=subject)]
    return _SUITES[kind](component, examples[0], name=name)
