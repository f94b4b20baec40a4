"""The suite over files of configuration."""

from collections.abc import Iterator

from cli.catalog.options import content_of, unused_files
from cli.config.arguments import Arguments
from cli.config.comments import opening_comment
from cli.config.compose import compose
from cli.config.load import load_run
from cli.config.repository import GROUPS, Repository
from cli.config.sources import Source, sources_without_folder
from cli.conformance.owners import OURS
from drivetrain.testing import Violation, examine
from schemas.errors import ConfigurationError, Fault
from steps import registry

_NAMED = {"data": "load", "split": "split", "trainer": "train"}


def sources_of(repository: Repository, owner: str) -> list[Source]:
    """Return an owner's folders of configuration."""
    if owner == OURS:
        return [source for source in repository.options_of if source.provider == "main"]
    return [source for source in repository.plugins if source.provider.rpartition(" ")[0] == owner]


def check_folders(repository: Repository, owner: str) -> list[Violation]:
    """Return what is wrong with an owner's folders as a whole."""
    faults = [fault for fault in sources_without_folder() if f" of {owner} " in fault.message]
    for source in sources_of(repository, owner):
        if source.provider != "main":
            faults += [source.fault] if source.fault is not None else unused_files(source)
    return [Violation("configuration", "registered", fault.message) for fault in faults]


def option_names(repository: Repository, owner: str) -> Iterator[tuple[Source, str, str]]:
    """Yield source, group and name of every option that an owner brings."""
    for source in sources_of(repository, owner):
        if source.fault is None:
            yield from ((source, group, name) for group in GROUPS for name in source.options(group))


def check_option(repository: Repository, source: Source, group: str, name: str) -> list[Violation]:
    """Return what keeps an option from being chosen, or a person from knowing what it is."""
    option = f"{group}/{name}"
    content = content_of(repository, source, option)
    if isinstance(content, Fault):
        return [Violation(option, "composes", content.message)]
    return examine(
        option,
        [
            ("documented", lambda: [] if opening_comment(source.file(option)) else ["no comment says what it is"]),
            ("names", lambda: _unregistered(group, content.get("name"))),
            ("composes", lambda: _unloadable(name) if group == "experiment" else []),
        ],
    )


def _unregistered(group: str, name: object) -> Iterator[str]:
    if group in _NAMED and isinstance(name, str):
        try:
            registry.lookup(_NAMED[group], name)
        except ConfigurationError as error:
            yield from (fault.message for fault in error.faults)


def _unloadable(name: str) -> Iterator[str]:
    try:
        load_run(compose(Arguments(overrides=[f"+experiment={name}"])))
    except ConfigurationError as error:
        yield from (f"{fault.path}: {fault.message}" for fault in error.faults)
