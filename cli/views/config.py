"""`--cfg`, `--help` and `--info`: what the configuration is, without running anything."""

import sys

from omegaconf import Container, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from cli.config.arguments import USAGE, Arguments
from cli.config.compose import Composition, job_config
from cli.config.repository import GROUPS, Repository
from schemas.errors import ConfigurationError, Fault


def show_config(composition: Composition, arguments: Arguments) -> None:
    """Print the composed tree as YAML, as Hydra's own --cfg does."""
    config: Container = composition.config
    if arguments.show == "job":
        config = job_config(composition.config)
    elif arguments.show == "hydra":
        config = OmegaConf.masked_copy(composition.config, ["hydra"])
    try:
        part = config if arguments.package in (None, "_global_") else OmegaConf.select(config, str(arguments.package))
        if part is None:
            raise ConfigurationError([Fault("--package", f"there is no {arguments.package!r} in the configuration")])
        if not isinstance(part, Container):
            sys.stdout.write(f"{part}\n")
            return
        if arguments.resolve:
            OmegaConf.resolve(part)
        header = "" if part is config else f"# @package {arguments.package}\n"
        sys.stdout.write(header + OmegaConf.to_yaml(part))
    except OmegaConfBaseException as error:
        raise ConfigurationError([Fault(str(error.full_key or ""), str(error).splitlines()[0])]) from error


def show_help(repository: Repository) -> None:
    """Print how to call this, and every group with its options."""
    lines = [USAGE, "", "Groups (group=option):"]
    lines += [f"  {group:11}{', '.join(repository.get_group_options(group))}" for group in GROUPS]
    lines += [
        "",
        "Keys (key=value), for example: seed=7  trainer.n_estimators=50  gate.min.accuracy=0.9  deploy.port=auto",
        "Flags: --cfg job|hydra|all [--package KEY] [--resolve]   --config-dir DIR   --info   --help   --version",
        "Exit codes: 0 done, 1 a step failed, 2 nothing was started, 3 a data check or the gate refused",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def show_info(composition: Composition) -> None:
    """Print where configuration is searched and which options were composed."""
    lines = ["Searched, in this order:"]
    lines += [f"  {source.provider:12} {source.full_path()}" for source in composition.repository.get_sources()]
    lines += ["", "Chosen:"]
    chosen = composition.config.hydra.runtime.choices
    lines += [f"  {group}: {option}" for group, option in chosen.items() if not str(group).startswith("hydra/")]
    sys.stdout.write("\n".join(lines) + "\n")
