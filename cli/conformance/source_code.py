"""The suite over source code: nothing pickles, nothing imports what is no part of the contract or was not named."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from cli.conformance.components import component_names
from cli.conformance.examples import GROUP
from cli.conformance.owners import OURS, entries_of
from drivetrain.testing import (
    NoAnswer,
    Violation,
    examine,
    foreign_imports,
    imported_by,
    pickling,
    unasked_imports,
    without_answer,
)
from schemas.errors import ConfigurationError
from schemas.home import ROOT
from stacks import plugins
from steps import registry

_ZENML = frozenset({"zenml"})


def check_code(owner: str) -> list[Violation]:
    """Return what the source of an owner's components breaks; nothing is imported."""
    if owner == OURS:
        files = sorted({ROOT / f"{module.replace('.', '/')}.py" for module in _modules(owner)})
        return examine("source code", [("pickles", lambda: pickling(files))])
    files = _package_files(owner)
    components = tuple(form for module in _modules(owner) for form in _forms(module))
    strict = [file for file in files if file.as_posix().endswith(components)]
    free = [file for file in files if file not in strict]
    return examine(
        "source code",
        [
            ("pickles", lambda: pickling(files)),
            ("imports", lambda: [*foreign_imports(strict), *foreign_imports(free, also=_ZENML)]),
        ],
    )


def imported_modules(owners: Sequence[str]) -> dict[str, list[str] | str]:
    """Return what importing each component's module brings, or why it cannot be; nothing is imported in this process.

    Of strangers the packages above are tried as well, and the modules of their examples.
    """
    found: set[str] = set()
    for owner in owners:
        if owner == OURS:
            found |= _modules(owner)
            continue
        examples = {entry.module for entry in entries_of(owner, GROUP) if entry.module}
        found |= {name for module in _modules(owner) | examples for name in _with_parents(module)}
    return imported_by(sorted(found))


def unanswered_flavors(owners: Sequence[str]) -> dict[str, NoAnswer]:
    """Return the modules of strangers' flavors that cannot be imported here, and why; ZenML is imported first."""
    modules = {
        entry.module for owner in owners if owner != OURS for entry in entries_of(owner, plugins.GROUP) if entry.module
    }
    if not modules:
        return {}
    import zenml.stack  # noqa: F401  once, and not in every fork

    return without_answer(sorted({name for module in modules for name in _with_parents(module)}))


def check_imports(owners: Sequence[str], imported: Mapping[str, list[str] | str]) -> dict[str, list[Violation]]:
    """Return by owner what importing a component's module brings that nobody named.

    Args:
        owners: Whose components.
        imported: What `imported_modules` gave.
    """
    named: dict[str, str] = {}
    for kind in registry.KINDS:
        for name in registry.names(kind):
            named.setdefault(registry.module_of(kind, name), f"{registry.NOUNS[kind]} {name}")
    return {
        owner: [
            Violation(named[module], "imports", message)
            for module in sorted(_modules(owner))
            if not isinstance(imported[module], str)  # said where it is looked up
            for message in unasked_imports(module, imported[module], named, bases=_bases(module))
        ]
        for owner in owners
    }


def _modules(owner: str) -> set[str]:
    """Return the modules of an owner's components that can be looked up by name."""
    return {
        registry.module_of(kind, name)
        for kind, name in component_names(owner)
        if kind in registry.KINDS and name in registry.names(kind) and _brings(owner, kind, name)
    }


def _brings(owner: str, kind: str, name: str) -> bool:
    origin = registry.origin(kind, name)
    return origin == owner or origin.rpartition(" ")[0] == owner


def _bases(module: str) -> set[str]:
    """Return the modules of the classes that the components of a module are made of."""
    pairs = ((kind, name) for kind in registry.KINDS for name in registry.names(kind))
    found: set[str] = set()
    for kind, name in pairs:
        if registry.module_of(kind, name) == module:
            try:
                found |= {base.__module__ for base in registry.lookup(kind, name).__mro__}
            except ConfigurationError:
                continue  # said where it is looked up
    return found


def _package_files(owner: str) -> list[Path]:
    entries = [entry for group in (registry.GROUP, plugins.GROUP) for entry in entries_of(owner, group)]
    packages = {entry.value.split(":")[0].split(".")[0] for entry in entries}
    return sorted({file for package in packages for file in _files_of(package)})


def _files_of(package: str) -> Iterator[Path]:
    try:
        spec: ModuleSpec | None = find_spec(package)
    except (ImportError, ValueError):
        return
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        yield from Path(place).rglob("*.py")
    if spec is not None and spec.submodule_search_locations is None and spec.origin is not None:
        yield Path(spec.origin)


def _forms(module: str) -> tuple[str, str]:
    """Return how the path of a module's file may end."""
    path = module.replace(".", "/")
    return f"/{path}.py", f"/{path}/__init__.py"


def _with_parents(module: str) -> Iterator[str]:
    """Yield a module and the packages that are imported before it."""
    parts = module.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
