"""A composed tree as plain values: interpolations filled in, what is missing named."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from cli.config.reading import Reading
from schemas.errors import Fault


def resolve(reading: Reading) -> Reading:
    """Fill the tree from the composed one, without the hydra node; what cannot be had is left out, with a fault."""
    config = reading.composition.config
    raw = OmegaConf.to_container(config, resolve=False)
    assert isinstance(raw, dict)
    tree: dict[str, Any] = {}
    left_out, broken = list(reading.left_out), set(reading.broken)
    for key, block in raw.items():
        if key == "hydra":
            continue
        left_out += [
            Fault(path, "must be given", f"{path}=… or in the experiment's file") for path in _missing(str(key), block)
        ]
        if block == "???":
            continue
        value, fault = _resolved(config, key)
        if fault is None:
            tree[str(key)] = value
        else:
            left_out.append(fault)
            broken.add(str(key))
    return replace(reading, tree=tree, left_out=tuple(left_out), broken=frozenset(broken))


def _resolved(config: DictConfig, key: Any) -> tuple[Any, Fault | None]:
    try:
        value = config[key]
        if OmegaConf.is_config(value):
            value = _without_missing(OmegaConf.to_container(value, resolve=True))
    except OmegaConfBaseException as error:
        first = next(iter(str(error).splitlines()), "cannot be resolved")
        return None, Fault(str(error.full_key or key), first)
    except RecursionError:
        return None, Fault(str(key), "refers to itself, directly or through other keys")
    return value, None


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
