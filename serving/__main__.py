"""The operators' command for what is deployed: python -m serving COMMAND [NAME] [VERSION]."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ml.io.broken_pipe import to_its_end
from ml.io.storage_errors import told_plainly
from schemas.errors import DeploymentError, DrivetrainError, StorageError
from schemas.home import Home
from serving.kubernetes import command as manifest_command
from serving.observability import command as watching
from serving.process import (
    code_closure,
    export_command,
    foreground,
    key_command,
    lineage_command,
    publications,
    records,
    rollout_command,
    services,
    status_command,
    threshold_command,
)
from serving.process.compose import compose
from serving.process.probe import tail
from serving.process.repair import repair
from serving.process.unit import unit
from serving.releases import beside, publisher


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 it could not, 2 it was not understood, 130 interrupted."""
    asked = _parser().parse_args(arguments)
    home = Home.here().root
    commands: dict[str, Callable[[], int]] = {
        "status": lambda: status_command.run(home, asked.name),
        "logs": lambda: _logs(home, _only(home, asked.name), asked.lines),
        "rollback": lambda: _rollback(home, _only(home, asked.name), asked.production),
        "stop": lambda: _stop(home, _only(home, asked.name)),
        "repair": lambda: _repair(home, asked.name or _only(home, None)),
        "canary": lambda: _beside(home, asked.name, asked.version, asked.share),
        "shadow": lambda: _beside(home, asked.name, asked.version, None),
        "promote": lambda: _promote(home, asked.name, asked.version),
        "withdraw": lambda: _withdraw(home, asked.name, asked.version),
        "pause": lambda: rollout_command.pause(home, _only(home, asked.name)),
        "resume": lambda: rollout_command.resume(home, _only(home, asked.name)),
        "run": lambda: foreground.run(home, _only(home, asked.name), _aside),
        "unit": lambda: _print(unit(home, records.find(home, _only(home, asked.name)))),
        "compose": lambda: _print(compose(home, records.find(home, _only(home, asked.name)))),
        "manifest": lambda: _print(manifest_command.text(asked.file)),
        "key": lambda: key_command.run(home, asked),
        "export": lambda: export_command.run(home, asked),
        "threshold": lambda: threshold_command.run(home, asked),
        "lineage": lambda: lineage_command.run(home, asked),
        **dict.fromkeys(
            watching.COMMANDS, lambda: _print(watching.text(home, records.find(home, _only(home, asked.name)), asked))
        ),
    }
    try:
        with told_plainly():
            _require_folders(home)
            return commands[asked.command]()
    except StorageError as error:
        _aside(str(error))
        return 1
    except DrivetrainError as error:
        _aside(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _aside(f"\nInterrupted; {asked.command} was not finished.")
        return 130


def _aside(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m serving", description="Look after deployed models.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (
        (
            "status",
            "what is deployed and whether it answers; exit code 1 when something does not",
        ),
        ("logs", "the end of a service's log"),
        (
            "rollback",
            "take a rollout's version away; without one make the version before the current one current again",
        ),
        *rollout_command.COMMANDS,
        ("stop", "stop a service; its journal and packages stay"),
        ("repair", "save what can be read of a damaged journal into a new one"),
        ("run", "run a deployed service in the foreground, for a supervisor of your own"),
        ("unit", "print a systemd unit for a deployed service"),
        ("compose", "print a compose file for the image of a deployed service"),
        *watching.COMMANDS.items(),
    ):
        one = commands.add_parser(command, help=text, description=text)
        one.add_argument(
            "name", nargs="?", metavar="NAME", help="the model's name; may be left out where there is only one"
        )
        watching.configure(one, command)
        if command == "rollback":
            one.add_argument("--production", action="store_true", help="the version in production, whatever is beside")
        if command == "logs":
            one.add_argument("-n", "--lines", type=_positive, default=50, help="how many lines (50)")
    for command, text in (
        ("canary", "let a version answer a share of the requests beside the one in production"),
        ("shadow", "let a version predict what the one in production answers; only the journal hears of it"),
        ("promote", "put a version into production"),
        ("withdraw", "end a canary or a shadow"),
    ):
        one = commands.add_parser(command, help=text, description=text)
        one.add_argument("name", metavar="NAME", help="the model's name")
        one.add_argument("version", metavar="VERSION", help="a version that was deployed before, as `status` names it")
        if command == "canary":
            one.add_argument("--share", type=float, default=0.1, help="of the requests, above 0 and below 1 (0.1)")
    export_command.configure(commands.add_parser("export", help=export_command.TEXT, description=export_command.TEXT))
    text = threshold_command.TEXT
    threshold_command.configure(commands.add_parser("threshold", help=text, description=text))
    text = lineage_command.TEXT
    lineage_command.configure(commands.add_parser("lineage", help=text, description=text))
    manifest_command.configure(commands.add_parser("manifest", help=manifest_command.TEXT))
    key_command.configure(commands.add_parser("key", help=key_command.TEXT, description=key_command.TEXT))
    return parser


def _require_folders(home: Path) -> None:
    """Refuse a home that cannot be looked into: it would seem empty."""
    for folder in (home, records.folder(home)):
        with suppress(FileNotFoundError), os.scandir(folder):
            pass


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _only(home: Path, name: str | None) -> str:
    known = records.names(home)
    if name is not None:
        return name if name in known else records.find(home, name).name
    if len(known) != 1:
        have = f"choose one of: {', '.join(known)}" if known else f"nothing is deployed under {home}"
        raise DeploymentError(f"Which deployment? {have}")
    return known[0]


def _logs(home: Path, name: str, lines: int) -> int:
    print(tail(records.find(home, name).log, lines))
    return 0


def _rollback(home: Path, name: str, production: bool) -> int:
    if not production and rollout_command.rolled_back(home, name, _aside):
        return 0
    with _publishing(home, name, "before the current one", f"rollback {name} --production") as url:
        release = publisher.rollback(url)
    print(f"{name}: version {release.version} is current again")
    return 0


def _beside(home: Path, name: str, version: str, share: float | None) -> int:
    command = f"canary {name} {version} --share {share:g}" if share is not None else f"shadow {name} {version}"
    with _publishing(home, name, version, command) as url:
        _require_own_code(home, name)
        beside.place_beside(url, version, beside.package_of(url, version), share=share, why="by an operator")
    role = "a shadow" if share is None else f"a candidate for {share:.4g} of the requests"
    print(f"{name}: version {version} is {role}")
    return 0


def _promote(home: Path, name: str, version: str) -> int:
    with _publishing(home, name, version, f"promote {name} {version}") as url:
        publisher.publish(url, version, beside.package_of(url, version), why="promoted by an operator")
    print(f"{name}: version {version} is in production")
    return 0


def _withdraw(home: Path, name: str, version: str) -> int:
    with records.lock(home, name, tell=_aside):
        beside.withdraw(records.find(home, name).journal_url, version, "by an operator")
    print(f"{name}: version {version} answers no more")
    return 0


@contextmanager
def _publishing(home: Path, name: str, version: str, command: str) -> Iterator[str]:
    """Keep others from publishing to a service that runs; gives its journal. `command` is what does it again."""
    with records.lock(home, name, tell=_aside):
        deployment = records.find(home, name)
        if records.supervisor(home, name) is None:
            raise DeploymentError(f"{name} is not running, so that no version can be loaded; deploy it again first")
        again = f"python -m serving {command}"
        with publications.under_way(home, name, version, deployment.journal_url, deployment.spec, again):
            yield deployment.journal_url


def _require_own_code(home: Path, name: str) -> None:
    """Refuse what a service of other code may not know. Raises DeploymentError."""
    if records.find(home, name).code_hash != code_closure.code_hash(home):
        raise DeploymentError(f"{name} runs other code than this; run its experiment with pipeline=deployment first")


def _stop(home: Path, name: str) -> int:
    services.stop(home, name, _aside)
    print(f"{name}: stopped")
    return 0


def _print(text: str) -> int:
    print(text, end="")
    return 0


def _repair(home: Path, name: str) -> int:
    done = repair(home, name, _aside)
    if done.kept is None:
        and_then = "its service was started again" if done.restarted else "nothing was changed"
        print(f"{name}: its journal is sound; {and_then}")
        return 0
    for one in done.tables:
        print(f"{name}: {one}")
    if done.tables and not publisher.current_release(done.url):
        print(f"{name}: which version is in production could not be read; deploy the model again")
    print(f"{name}: the damaged journal is kept as {done.kept}")
    return 0


if __name__ == "__main__":
    sys.exit(to_its_end(main))
