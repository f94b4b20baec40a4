"""The files that can be chosen as `group=name`, and what of an installed package's files cannot."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from cli.config.comments import opening_comment
from cli.config.repository import GROUPS, Repository
from cli.config.safety import tree_faults
from cli.config.sources import Source, sources_without_folder
from schemas.catalog import Option
from schemas.errors import ConfigurationError, Fault
from schemas.stack import COMPONENT_TYPES
from steps import registry

_UNREADABLE = (HydraException, OmegaConfBaseException, yaml.YAMLError, OSError, ValueError, TypeError, RecursionError)
"""What Hydra and OmegaConf raise for files that are no configuration."""


def options(repository: Repository) -> Iterator[Option]:
    """Yield every option that can be chosen, by group."""
    for group in GROUPS:
        for source in repository.options_of:
            if source.fault is None:
                for name in source.options(group):
                    content = content_of(repository, source, f"{group}/{name}")
                    if isinstance(content, Mapping):
                        yield _option(source, group, name, content)


def content_of(repository: Repository, source: Source, option: str) -> Mapping[Any, Any] | Fault:
    """Return what a file of configuration holds, or why it cannot be chosen."""
    try:
        claims = repository.claims(option)
        if claims[0] != source:
            whose = "our own names; ours is used" if claims[0].provider == "main" else f"{claims[0].provider}'s names"
            return Fault(option, f"{source.file(option)} has one of {whose}", "give it another name")
        result = repository.load_config(option)
    except ConfigurationError as error:
        return error.faults[0]
    except _UNREADABLE as error:
        text = " ".join(str(error).split())
        return Fault(option, f"{source.file(option)} is not readable configuration: {text}", "it is YAML, a key a line")
    content = OmegaConf.to_container(result.config, resolve=False) if result is not None else None
    if not isinstance(content, dict):
        return Fault(option, f"{source.file(option)} is no mapping of keys to values")
    unsafe = tree_faults(content)
    return content if not unsafe else Fault(f"{option}: {unsafe[0].path}", unsafe[0].message, unsafe[0].hint)


def broken_options(repository: Repository) -> list[Fault]:
    """Return what is wrong with files that installed packages and --config-dir add; nothing of ours needs them."""
    faults = sources_without_folder()
    for source in repository.plugins:
        faults += (
            [source.fault] if source.fault is not None else [*unused_files(source), *_unusable(repository, source)]
        )
    for source in repository.options_of:
        if source.provider == "command-line":
            faults += _unusable(repository, source)
    return faults


def unused_files(source: Source) -> Iterator[Fault]:
    """Yield what lies in a package's folder and can never be chosen."""
    if source.has("config"):
        yield Fault("", f"{source.provider} brings a config.yaml, which is not used: there is one, ours")
    for folder in sorted(source.folder.iterdir()):
        if folder.is_dir() and folder.name not in GROUPS and any(folder.rglob("*.yaml")):
            hint = f"groups: {', '.join(GROUPS)}"
            yield Fault("", f"{source.provider} brings the folder {folder.name}, which is no group", hint)


def _unusable(repository: Repository, source: Source) -> Iterator[Fault]:
    for group in GROUPS:
        for name in source.options(group):
            content = content_of(repository, source, f"{group}/{name}")
            if isinstance(content, Fault):
                yield Fault(content.path, f"{source.provider}: {content.message}", content.hint)


def _option(source: Source, group: str, name: str, content: Mapping[Any, Any]) -> Option:
    origin = {"main": registry.OWN, "command-line": str(source.folder)}.get(source.provider, source.provider)
    return Option(
        group=group,
        name=name,
        origin=origin,
        file=str(source.file(f"{group}/{name}")),
        description=opening_comment(source.file(f"{group}/{name}")),
        flavors=_flavors(content) if group == "stack" else {},
    )


def _flavors(content: Mapping[Any, Any]) -> dict[str, str]:
    parts = {kind: content[kind] for kind in COMPONENT_TYPES if isinstance(content.get(kind), Mapping)}
    return {kind: str(part.get("flavor", "")) for kind, part in parts.items()}
