"""The command line: composes, checks, shows or runs, and answers with the exit code of the contract."""

import sys

from cli.caches import caches_at_home
from cli.config.arguments import Arguments, parse_arguments
from cli.config.compose import Composition, compose
from cli.config.repository import Repository
from cli.said import say
from cli.signals import Terminated, termination_raises
from cli.views.config import show_config, show_help, show_info
from ml.io.storage_errors import storage_error
from schemas.errors import ConfigurationError, DrivetrainError, Fault, did_you_mean
from schemas.own_version import VERSION

_ACTIONS = ("run", "plan", "components")


def main(argv: list[str]) -> int:
    """Do what the command line asks.

    Returns:
        0 done · 1 a step failed · 2 nothing was started · 3 refused · 130 and 143 interrupted.
    """
    try:
        with termination_raises(), caches_at_home():
            return _dispatch(parse_arguments(argv))
    except DrivetrainError as error:
        say(f"{error}\n")
        return error.exit_code
    except OSError as error:
        plain = storage_error(error)
        if plain is None:
            raise
        say(f"{plain}\n")
        from cli.run_folder import RunFolder

        return 1 if RunFolder.any_open else plain.exit_code
    except KeyboardInterrupt:
        say("\nInterrupted; what was deployed goes on.\n")
        return 130
    except Terminated:
        say("\nTerminated; what was deployed goes on.\n")
        return 143


def _dispatch(arguments: Arguments) -> int:
    if arguments.version:
        sys.stdout.write(f"drivetrain {VERSION}\n")
        return 0
    if arguments.help:
        show_help(Repository.prepared(arguments.config_dir))
        return 0
    if arguments.multirun:
        from cli.console import Output
        from cli.sweep.run import sweep

        return sweep(Output(), arguments)
    composition = compose(arguments)
    if arguments.show or arguments.info:
        if composition.faults:
            raise ConfigurationError(composition.faults)
        show_config(composition, arguments) if arguments.show else show_info(composition)
        return 0
    return _act(composition)


def _act(composition: Composition) -> int:
    from cli.actions import components, plan, run
    from cli.console import Output

    action = composition.config.get("action")
    if action not in _ACTIONS:
        suggestion = did_you_mean(str(action), list(_ACTIONS))
        fault = Fault("action", f"{action!r} is not an action.{suggestion}", f"actions: {', '.join(_ACTIONS)}")
        raise ConfigurationError([*composition.faults, fault])
    console = Output()
    if action == "components":
        return components(console, composition)
    return plan(console, composition) if action == "plan" else run(console, composition)
