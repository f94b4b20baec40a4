"""From the command line to one checked tree; Hydra composes it, and nothing of Hydra runs it."""

from dataclasses import dataclass, field
from functools import cache

import yaml
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from cli.config.arguments import Arguments
from cli.config.expansion import bounded_resolution, expansion_faults
from cli.config.overrides import Overrides, read_overrides
from cli.config.repository import Repository
from cli.config.safety import hydra_faults, tree_faults, without_password
from schemas.errors import ConfigurationError, Fault

_NOT_DELETED = "Could not delete from config. "


@dataclass
class Composition:
    """The composed tree, and what is needed to find where a value in it came from."""

    config: DictConfig
    overrides: Overrides
    repository: Repository
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Loader(ConfigLoaderImpl):
    def __init__(self, repository: Repository) -> None:
        # The base class would build a repository of its own from a search path.
        self.config_search_path = repository.search_path
        self.repository = repository


def compose(arguments: Arguments) -> Composition:
    """Compose and check a tree; nothing in it has been resolved, imported or run.

    Raises:
        ConfigurationError: When no tree can be composed, or when it names code or stands for too much.
    """
    repository = Repository.prepared(arguments.config_dir)
    overrides = read_overrides(arguments.overrides, repository)
    if "experiment" in overrides.broken_groups:
        raise ConfigurationError(overrides.faults)
    repository.left_out = frozenset(overrides.chosen) - {"experiment"}
    config = _load(repository, overrides)
    tree = OmegaConf.to_container(config, resolve=False)
    assert isinstance(tree, dict)
    unsafe = tree_faults(tree) + hydra_faults(tree["hydra"], _our_hydra()) or expansion_faults(tree)
    if unsafe:
        raise ConfigurationError(overrides.faults + unsafe)
    if not overrides.faults:
        _restore_typed(config, arguments.overrides)
    return Composition(config, overrides, repository, list(overrides.faults))


def job_config(config: DictConfig) -> DictConfig:
    """Return a copy of the tree without the hydra node."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def _restore_typed(config: DictConfig, texts: list[str]) -> None:
    """Record the words as typed, not as they were rewritten for Hydra."""
    task = [text for text in texts if not text.lstrip("+").startswith("hydra.")]
    with open_dict(config):
        config.hydra.overrides.task = task
        config.hydra.job.override_dirname = ",".join(sorted(task))


def _load(repository: Repository, overrides: Overrides) -> DictConfig:
    try:
        with bounded_resolution():
            return _Loader(repository).load_configuration("config", overrides.words, RunMode.RUN)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, OSError, UnicodeError) as error:
        raise ConfigurationError([*overrides.faults, _as_fault(error, overrides)]) from error
    except RecursionError as error:
        raise ConfigurationError([*overrides.faults, Fault("", "the configuration is nested too deeply")]) from error
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError) as error:
        # Hydra and OmegaConf leave some malformed files and keys to Python's own errors.
        fault = Fault("", f"the configuration cannot be composed: {_one_line(error)}")
        raise ConfigurationError([*overrides.faults, fault]) from error


def _as_fault(error: BaseException, overrides: Overrides) -> Fault:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return Fault("", f"{mark.name}, line {mark.line + 1}: {error.problem}", "this is not readable YAML")
    cause = error.__cause__
    if isinstance(cause, OmegaConfBaseException):
        return Fault(str(cause.full_key or ""), _one_line(cause))
    text = _one_line(error)
    for key, typed in overrides.typed.items():
        if typed.startswith("~") and text.startswith(_NOT_DELETED) and f"'{key}'" in text:
            what = without_password(text.removeprefix(_NOT_DELETED))
            return Fault(key, f"cannot be deleted: {what}", f"declared by the override {without_password(typed)}")
    return Fault("", text)


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    noise = ("full_key:", "object_type=", "reference_type=", "Config search path", "Search path", "provider=")
    kept = [line for line in lines if not line.startswith(noise)]
    return " ".join(kept[:3]) or type(error).__name__


@cache
def _our_hydra() -> dict[str, object]:
    """Return the hydra node as Hydra's defaults and our config.yaml make it, whatever lies under --config-dir."""
    node = OmegaConf.to_container(_load(Repository(None), Overrides()).hydra, resolve=False)
    assert isinstance(node, dict)
    return {str(key): value for key, value in node.items()}
