"""The flags of the command line; everything else on it is an override."""

import argparse
from dataclasses import dataclass
from typing import NoReturn

from schemas.errors import ConfigurationError, Fault

USAGE = """\
python run.py +experiment=NAME [pipeline=P] [stack=S] [action=run|plan] [group=option …] [key=value …]
python run.py action=components [format=json]  every component, flavor, option and stack here
python run.py -m +experiment=NAME trainer=a,b  a sweep: every combination, compared on the validation set
python run.py --config-dir=DIR +experiment=x  an experiment that lives outside this repository
python run.py +experiment=NAME --cfg job      the composed configuration"""

_REFUSED = {
    "--config-name": "there is one entry point, conf/config.yaml; an experiment outside goes under --config-dir=DIR",
    "--config-path": "the decisions live in conf/; an experiment outside goes under --config-dir=DIR",
    "--experimental-rerun": "it would load a pickle; run the overrides in .hydra/overrides.yaml again instead",
    "--shell-completion": "it is not offered; --help lists every group and option",
}


@dataclass(frozen=True)
class Arguments:
    """What was asked for; `show` is job, hydra or all; `package` a part of the tree to show."""

    overrides: list[str]
    show: str | None = None
    resolve: bool = False
    package: str | None = None
    config_dir: str | None = None
    multirun: bool = False
    help: bool = False
    version: bool = False
    info: str | None = None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigurationError([Fault("", message, USAGE.replace("\n", "\n    "))], "Invalid command line")


def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False, usage=USAGE)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--help", "-h", "--hydra-help", action="store_true")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--cfg", "-c", choices=["job", "hydra", "all"])
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("--package", "-p")
    parser.add_argument("--run", "-r", action="store_true")
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--config-dir", "-cd")
    info = ["all", "config", "defaults", "defaults-tree", "plugins", "searchpath"]
    parser.add_argument("--info", "-i", nargs="?", const="all", choices=info)
    parser.add_argument("--config-name", "-cn")
    parser.add_argument("--config-path", "-cp")
    parser.add_argument("--experimental-rerun")
    parser.add_argument("--shell-completion", "-sc", action="store_true")
    return parser


def parse_arguments(argv: list[str]) -> Arguments:
    """Read the flags.

    Raises:
        ConfigurationError: For an unknown flag, or one of Hydra's that this program does not offer.
    """
    found = _parser().parse_intermixed_args(argv)
    faults = [
        Fault(flag, "is not available here", why)
        for flag, why in _REFUSED.items()
        if getattr(found, flag.removeprefix("--").replace("-", "_"))
    ]
    if (found.resolve or found.package) and not (found.cfg or found.help):
        faults.append(Fault("--resolve" if found.resolve else "--package", "goes together with --cfg only"))
    if sum(map(bool, (found.cfg, found.info, found.multirun, found.run))) > 1:
        faults.append(Fault("", "only one of --run, --multirun, --cfg and --info can be asked for"))
    if faults:
        raise ConfigurationError(faults, "Invalid command line")
    return Arguments(
        overrides=found.overrides, show=found.cfg, resolve=found.resolve, package=found.package,
        config_dir=found.config_dir, multirun=found.multirun, help=found.help, version=found.version, info=found.info,
    )  # fmt: skip
