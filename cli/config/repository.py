"""Where configuration files are found, and what an experiment may declare in one."""

from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

from hydra import version
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.core.utils import setup_globals
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf

from cli.config.bounded_yaml import refuse_unbounded
from cli.config.declaration import Declaration, choices, leaves, placement_faults
from cli.config.sources import Source, plugin_sources
from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.home import ROOT

CONF = ROOT / "conf"
_SHIPPED: dict[Path, tuple[tuple[int, int] | None, ConfigResult]] = {}
"""What was read of our files and of Hydra's, which have no file there, and what state the file was in."""
_CALLED = {"main": "ours", "command-line": "--config-dir"}
GROUPS = ("experiment", "pipeline", "data", "split", "trainer", "gate", "deploy", "monitor", "stack")


class Repository(ConfigRepository):
    """Hydra's repository of files, which leaves out an experiment's blocks for groups chosen on the command line."""

    def __init__(self, config_dir: Path | None) -> None:
        path = ConfigSearchPathImpl()
        path.append("hydra", "pkg://hydra.conf")
        self.plugins = plugin_sources()
        ours, theirs = Source("main", CONF), [Source("command-line", config_dir)] if config_dir is not None else []
        self.options_of = [ours, *self.plugins, *theirs]
        for source in self.options_of:
            path.append(source.provider, f"file://{source.folder}")
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
            ConfigurationError: If the file declares what it may not, another has its name, or it is of a package that
                cannot be used.
        """
        option = config_path.removesuffix(".yaml")  # Hydra takes both
        source = self._claimed_by(option)
        if source is None or source.provider == "main":
            result = self._shipped(config_path, option)
        else:
            if source.fault is not None:
                why = source.fault.message.removeprefix(f"{source.provider} ")
                what = f"{option.rpartition('/')[2]!r} is of {source.provider}, which {why}"
                raise ConfigurationError([Fault(option.rpartition("/")[0], what, source.fault.hint)])
            refuse_unbounded(source.file(option))
            result = super().load_config(config_path)
        if result is None or source is None or config_path == "config":
            return result
        declared = self._note(option, source, result)
        faults = [*placement_faults(declared, result), *self._choice_faults(declared, result)]
        if faults:
            raise ConfigurationError(faults)
        if declared.is_experiment and isinstance(result.config, DictConfig):
            for group in self.left_out & {str(key) for key in result.config}:
                self.dropped += leaves(group, declared.content[group])
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

    def get_group_options(self, group_name: str, results_filter: ObjectType | None = ObjectType.CONFIG) -> list[str]:
        """Return the options of a group that may be chosen."""
        barred = {source.provider for source in self.plugins if source.fault is not None}
        found = [source for source in self.sources if source.provider not in barred and source.is_group(group_name)]
        return sorted({option for source in found for option in source.list(group_name, results_filter)})

    def claims(self, option: str) -> list[Source]:
        """Return where an option stands, ours first; more than one is a clash."""
        found = [source for source in self.options_of if source.has(option)]
        return [
            source
            for position, source in enumerate(found)
            if not any(source.file(option).samefile(other.file(option)) for other in found[:position])
        ]

    def _claimed_by(self, option: str) -> Source | None:
        """Return where an option stands, None where it is Hydra's or nowhere.

        Hydra would take the first of several without a word. Ours is used where nobody may have chosen it by name:
        what every experiment begins with cannot be taken away by what is installed.

        Raises:
            ConfigurationError: If it stands in two places.
        """
        if self.sources[0].is_config(option):
            return None
        found = self.claims(option)
        group, _, name = option.rpartition("/")
        if len(found) > 1 and (found[0].provider != "main" or group == "experiment"):
            called = [f"{source.file(option)} ({_CALLED.get(source.provider, source.provider)})" for source in found]
            outside = found[-1].provider == "command-line"
            hint = "give the one under --config-dir another name" if outside else "uninstall one, or have it renamed"
            raise ConfigurationError(
                [Fault(group, f"there are two of the name {name!r}: {' and '.join(called)}", hint)]
            )
        return found[0] if found else None

    def _choice_faults(self, declared: Declaration, result: ConfigResult) -> Iterable[Fault]:
        """Yield what a defaults list chooses that does not exist, unless the command line chooses otherwise."""
        for default in choices(result):
            group, option = str(default.group).strip("/"), default.value
            if group not in GROUPS or group in self.left_out or not isinstance(option, str) or "${" in option:
                continue
            if not self.config_exists(f"{group}/{option}"):
                options = self.get_group_options(group)
                hint = f"{group} can be: {', '.join(options)}\n    declared by {declared.file}"
                yield Fault(group, f"{option!r} is not an option.{did_you_mean(option, options)}", hint)

    def _note(self, option: str, source: Source, result: ConfigResult) -> Declaration:
        content = OmegaConf.to_container(result.config, resolve=False)
        package = result.header.get("package")
        if package is None:
            package = option.rpartition("/")[0].replace("/", ".")
        place = "" if package == "_global_" else package
        declared = Declaration(option, source.file(option), place, content if isinstance(content, dict) else {})
        self.declared[option] = declared
        return declared


def _state(file: Path) -> tuple[int, int] | None:
    """Return what is another number once a file was written anew; None if there is none, as for Hydra's own."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
