"""The suite over everything that an owner brings."""

from collections.abc import Callable, Sequence
from functools import partial

from cli.config.repository import Repository
from cli.config.sources import Source
from cli.conformance.components import check_component, check_examples, component_names
from cli.conformance.options import check_folders, check_option, option_names
from cli.conformance.owners import OURS
from cli.conformance.refused import refused
from cli.conformance.source_code import check_code, check_imports, imported_modules, unanswered_flavors
from cli.conformance.stacks import check_registered_flavor, check_stack, flavor_names
from drivetrain.testing import NoAnswer, Violation
from steps import registry

_Part = tuple[str, Callable[[], list[Violation]]]
Announce = Callable[[str, str, list[Violation]], None]
"""Told of each part once it was tried: whose, what, and what it breaks."""


def conformance(owners: Sequence[str], announce: Announce) -> list[Violation]:
    """Try everything that these bring and return what breaks the contract; each violation begins with its owner."""
    repository = Repository.prepared(None)
    imported = imported_modules(owners)
    fatal = {module: why for module, why in imported.items() if isinstance(why, NoAnswer)}
    found = []
    with refused(fatal), refused(unanswered_flavors(owners)):
        imports = check_imports(owners, imported)
        for owner in owners:
            for what, part in _parts(repository, owner, imports[owner]):
                violations = part()
                found += [Violation(f"{owner}: {one.subject}", one.check, one.message) for one in violations]
                announce(owner, what, violations)
    return found


def _parts(repository: Repository, owner: str, imports: list[Violation]) -> list[_Part]:
    parts: list[_Part] = [
        ("package", partial(_undescribed, owner)),
        ("examples", partial(check_examples, owner)),
        ("source code", partial(check_code, owner)),
        ("configuration", partial(check_folders, repository, owner)),
    ]
    for kind, name in component_names(owner):
        parts.append((f"{registry.NOUNS.get(kind, kind)} {name}".rstrip(), partial(check_component, owner, kind, name)))
    parts += [(f"flavor {name}", partial(check_registered_flavor, owner, name)) for name in flavor_names(owner)]
    for source, group, name in option_names(repository, owner):
        parts.append((f"{group}={name}", partial(_option, repository, source, group, name)))
    return [*parts, ("imports", lambda: imports)]


def _option(repository: Repository, source: Source, group: str, name: str) -> list[Violation]:
    found = check_option(repository, source, group, name)
    return found if found or group != "stack" else check_stack(name)


def _undescribed(owner: str) -> list[Violation]:
    """Return that a package does not say what it is, or for which contract it was made."""
    if owner == OURS:
        return []
    from importlib.metadata import distribution

    from schemas.contract import contract_mismatch

    installed = distribution(owner)
    mismatch = contract_mismatch(installed)
    found = [] if mismatch is None else [Violation("package", "contract", f"it {mismatch.message}")]
    if not (installed.metadata["Summary"] or "").strip():
        found.append(Violation("package", "documented", "it has no description in its pyproject.toml"))
    return found
