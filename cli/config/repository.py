"""Where configuration files are found, and what an experiment may declare in one."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hydra import version
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.default_element import GroupDefault
from hydra.core.plugins import Plugins
from hydra.core.utils import setup_globals
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf

from cli.config.bounded_yaml import refuse_unbounded
from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.home import ROOT

CONF = ROOT / "conf"
_SHIPPED: dict[Path, tuple[tuple[int, int] | None, ConfigResult]] = {}
"""What was read of our files and of Hydra's, which have no file there, and what state the file was in."""
GROUPS = ("experiment", "pipeline", "data", "split", "trainer", "gate", "deploy", "monitor", "stack")


@dataclass(frozen=True)
class Declaration:
    """What one configuration file declares, and where it goes in the tree (`package`, empty for the top)."""

    option: str
    file: Path
    package: str
    content: dict[Any, Any]

    @property
    def is_experiment(self) -> bool:
        """Whether the file is an experiment's."""
        return self.option.startswith("experiment/")


class Repository(ConfigRepository):
    """Hydra's repository of files, which leaves out an experiment's blocks for groups chosen on the command line."""

    def __init__(self, config_dir: Path | None) -> None:
        path = ConfigSearchPathImpl()
        path.append("hydra", "pkg://hydra.conf")
        path.append("main", f"file://{CONF}")
        if config_dir is not None:
            path.append("command-line", f"file://{config_dir}")
        path.append("schema", "structured://")
        super().__init__(path)
        self.search_path = path
        self.config_dir = config_dir
        self.left_out: frozenset[str] = frozenset()
        self.dropped: list[str] = []
        self.declared: dict[str, Declaration] = {}

    @classmethod
    def prepared(cls, config_dir: str | None) -> Self:
        """Set Hydra up in this process and return the repository over our files and those under `config_dir`.

        Raises:
            ConfigurationError: If there is no such folder.
        """
        version.setbase("1.3")
        setup_globals()
        # Defaults lists are resolved while Hydra composes, before a tree can be checked.
        for name in ("oc.env", "oc.decode", "oc.create"):
            OmegaConf.clear_resolver(name)
        Plugins.instance()
        if config_dir is None:
            return cls(None)
        folder = Path(config_dir).expanduser().absolute()
        if not folder.is_dir():
            raise ConfigurationError([Fault("--config-dir", f"there is no folder {folder}")])
        return cls(folder)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Hydra copies the repository before each composition; what is noted here must outlive that.
        return self

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Read one file; an experiment's is checked and shortened.

        Raises:
            ConfigurationError: If the file declares what it may not, or another experiment has its name.
        """
        option = config_path.removesuffix(".yaml")  # Hydra takes both
        if option.startswith("experiment/"):
            self._refuse_two_of_one_name(option)
        if self.config_dir is not None and (file := self.config_dir / f"{option}.yaml").is_file():
            refuse_unbounded(file)
            result = super().load_config(config_path)
        else:
            result = self._shipped(config_path, option)
        if result is None or result.provider not in ("main", "command-line") or config_path == "config":
            return result
        declared = self._note(config_path, result)
        faults = [*_placement_faults(declared, result), *self._choice_faults(declared, result)]
        if faults:
            raise ConfigurationError(faults)
        if declared.is_experiment and isinstance(result.config, DictConfig):
            for group in self.left_out & {str(key) for key in result.config}:
                self.dropped += _leaves(group, declared.content[group])
                del result.config[group]
        return result

    def _shipped(self, config_path: str, option: str) -> ConfigResult | None:
        """Return what a file of ours or of Hydra's holds, read once a process: a sweep composes job after job."""
        file = CONF / f"{option}.yaml"  # or one of Hydra's own by that name
        state, kept = _state(file), _SHIPPED.get(file)
        if kept is None or kept[0] != state:
            result = super().load_config(config_path)
            if result is None or result.provider not in ("hydra", "main"):
                return result
            kept = _SHIPPED[file] = (state, result)
        return deepcopy(kept[1])

    def _refuse_two_of_one_name(self, option: str) -> None:
        """Refuse an experiment that both folders hold: Hydra would take ours without a word."""
        ours = CONF / f"{option}.yaml"
        theirs = ours if self.config_dir is None else self.config_dir / f"{option}.yaml"
        if ours.is_file() and theirs.is_file() and not ours.samefile(theirs):
            name = option.removeprefix("experiment/")
            what = f"there are two of the name {name!r}: {ours} and {theirs}"
            raise ConfigurationError([Fault("experiment", what, "give the one under --config-dir another name")])

    def _choice_faults(self, declared: Declaration, result: ConfigResult) -> Iterable[Fault]:
        """Yield what a defaults list chooses that does not exist, unless the command line chooses otherwise."""
        for default in _choices(result):
            group, option = str(default.group).strip("/"), default.value
            if group not in GROUPS or group in self.left_out or not isinstance(option, str) or "${" in option:
                continue
            if not self.config_exists(f"{group}/{option}"):
                options = self.get_group_options(group)
                hint = f"{group} can be: {', '.join(options)}\n    declared by {declared.file}"
                yield Fault(group, f"{option!r} is not an option.{did_you_mean(option, options)}", hint)

    def _note(self, option: str, result: ConfigResult) -> Declaration:
        content = OmegaConf.to_container(result.config, resolve=False)
        root = CONF if result.provider == "main" else self.config_dir
        assert root is not None
        package = result.header.get("package")
        if package is None:
            package = option.rpartition("/")[0].replace("/", ".")
        place = "" if package == "_global_" else package
        declared = Declaration(option, (root / f"{option}.yaml"), place, content if isinstance(content, dict) else {})
        self.declared[option] = declared
        return declared


def _state(file: Path) -> tuple[int, int] | None:
    """Return what is another number once a file was written anew; None if there is none, as for Hydra's own."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _placement_faults(declared: Declaration, result: ConfigResult) -> Iterable[Fault]:
    top = set(declared.content) if not declared.package else {declared.package.split(".")[0]}
    groups = {str(default.group).strip("/") for default in _choices(result)}
    if "hydra" in top or any(group.split("/")[0] == "hydra" for group in groups):
        hint = "give hydra.run.dir=… on the command line; nothing else of it is free"
        yield Fault("hydra", f"cannot be set by {declared.file}", hint)
    if not declared.is_experiment:
        return
    if result.header.get("package") != "_global_":
        what = f"{declared.file} is not packaged at the top, so its keys would land in the wrong place"
        yield Fault("experiment", what, "make its first line: # @package _global_")
    if "stack" in top | groups:
        what = f"an experiment declares what to learn, never where, but {declared.file} names a stack"
        yield Fault("stack", what, "choose it with stack=NAME")


def _choices(result: ConfigResult) -> list[GroupDefault]:
    return [default for default in result.defaults_list or [] if isinstance(default, GroupDefault)]


def _leaves(path: str, node: Any) -> list[str]:
    if isinstance(node, dict) and node:
        return [leaf for key, value in node.items() for leaf in _leaves(f"{path}.{key}", value)]
    return [path]
