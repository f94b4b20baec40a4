"""The operators' command for what is deployed: python -m serving status|logs|rollback|stop|repair [NAME]."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ml.io.broken_pipe import to_its_end
from ml.io.storage_errors import told_plainly
from schemas.errors import DeploymentError, DrivetrainError, StorageError
from schemas.home import Home
from serving.journal.predictions import count
from serving.process import publications, records, services
from serving.process.probe import tail
from serving.process.repair import repair
from serving.process.services import Status
from serving.releases import publisher


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 it could not, 2 it was not understood, 130 interrupted."""
    asked = _parser().parse_args(arguments)
    home = Home.here().root
    commands: dict[str, Callable[[], int]] = {
        "status": lambda: _status(home, asked.name),
        "logs": lambda: _logs(home, _only(home, asked.name), asked.lines),
        "rollback": lambda: _rollback(home, _only(home, asked.name)),
        "stop": lambda: _stop(home, _only(home, asked.name)),
        "repair": lambda: _repair(home, asked.name or _only(home, None)),
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
        ("rollback", "make the version before the current one current again"),
        ("stop", "stop a service; its journal and packages stay"),
        ("repair", "save what can be read of a damaged journal into a new one"),
    ):
        one = commands.add_parser(command, help=text, description=text)
        one.add_argument(
            "name", nargs="?", metavar="NAME", help="the model's name; may be left out where there is only one"
        )
        if command == "logs":
            one.add_argument("-n", "--lines", type=_positive, default=50, help="how many lines (50)")
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


def _status(home: Path, name: str | None) -> int:
    unreadable = [known for known in records.names(home) if name in (None, known) and records.read(home, known) is None]
    for known in unreadable:
        print(f"{known}: {records.without_record(home, known)}")
    found = [] if name in unreadable else services.status(home, name)
    if not found and unreadable:
        return 1
    if not found:
        print(f"Nothing is deployed under {home}.")
        return 0
    lines = [("NAME", "URL", "STATE", "VERSION", "ROWS"), *map(_line, found)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for one in found:
        if one.why:
            print(f"{one.deployment.name}: {one.why}")
    return 0 if all(one.ready for one in found) and not unreadable else 1


def _line(status: Status) -> tuple[str, str, str, str, str]:
    deployment = status.deployment
    try:
        current = next(
            (release.version for release in publisher.releases(deployment.journal_url) if release.weight), "-"
        )
        rows = str(count(deployment.journal_url))
    except DeploymentError:
        current, rows = "-", "-"
    state = "ready" if status.ready else "alive" if status.alive else "dead"
    return deployment.name, deployment.url, state, current, rows


def _logs(home: Path, name: str, lines: int) -> int:
    print(tail(records.find(home, name).log, lines))
    return 0


def _rollback(home: Path, name: str) -> int:
    with records.lock(home, name, tell=_aside):
        deployment = records.find(home, name)
        if records.supervisor(home, name) is None:
            raise DeploymentError(f"{name} is not running, so that no version can be loaded; deploy it again first")
        with publications.under_way(home, name, "before the current one", deployment.journal_url, deployment.spec):
            release = publisher.rollback(deployment.journal_url)
    print(f"{name}: version {release.version} is current again")
    return 0


def _stop(home: Path, name: str) -> int:
    services.stop(home, name, _aside)
    print(f"{name}: stopped")
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
