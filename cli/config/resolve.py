"""A composed tree as plain values: interpolations filled in, what is missing named."""

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from cli.config.compose import Composition
from schemas.errors import Fault


def plain(composition: Composition) -> dict[str, Any]:
    """Return the tree without the hydra node; what is missing or cannot be resolved is left out and becomes a fault."""
    raw = OmegaConf.to_container(composition.config, resolve=False)
    assert isinstance(raw, dict)
    found: dict[str, Any] = {}
    for key, block in raw.items():
        if key == "hydra":
            continue
        missing = list(_missing(str(key), block))
        composition.faults += [
            Fault(path, "must be given", f"{path}=… or in the experiment's file") for path in missing
        ]
        if block != "???":
            _resolve(composition, key, found)
    return found


def _resolve(composition: Composition, key: Any, found: dict[str, Any]) -> None:
    try:
        value = composition.config[key]
        if OmegaConf.is_config(value):
            value = _without_missing(OmegaConf.to_container(value, resolve=True))
    except OmegaConfBaseException as error:
        composition.overrides.broken_groups.add(str(key))
        first = next(iter(str(error).splitlines()), "cannot be resolved")
        composition.faults.append(Fault(str(error.full_key or key), first))
    except RecursionError:
        composition.overrides.broken_groups.add(str(key))
        composition.faults.append(Fault(str(key), "refers to itself, directly or through other keys"))
    else:
        found[str(key)] = value


def job_config(config: DictConfig) -> DictConfig:
    """Return a copy of the tree without the hydra node."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def _missing(path: str, node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _missing(f"{path}.{key}", value)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _missing(f"{path}[{position}]", value)
    elif node == "???":
        yield path


def _without_missing(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _without_missing(value) for key, value in node.items() if value != "???"}
    return [_without_missing(value) for value in node] if isinstance(node, list) else node
