"""The catalog as a whole."""

from cli.catalog.components import components, flavors, undescribed
from cli.catalog.options import broken_options, options
from cli.config.repository import Repository
from schemas.catalog import Broken, Catalog
from schemas.contract import version_text
from schemas.errors import Fault
from stacks.plugins import broken_flavors
from steps import registry


def catalog(repository: Repository) -> Catalog:
    """Return what can be chosen; everything that is installed is imported, and nothing is written."""
    return Catalog(
        contract=version_text(),
        components=list(components()),
        flavors=list(flavors()),
        options=list(options(repository)),
        broken=[Broken(path=fault.path, message=fault.message, hint=fault.hint) for fault in broken(repository)],
    )


def broken(repository: Repository) -> list[Fault]:
    """Return a fault for everything of installed packages that does not work; it takes nothing else down."""
    found = [*registry.broken(), *broken_flavors(), *undescribed(), *broken_options(repository)]
    return list(dict.fromkeys(found))  # what cannot be looked up cannot be described either
