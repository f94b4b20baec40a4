"""`python -m serving key add|list|revoke|clear NAME`: the keys of a service, for who runs it."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from schemas.base import Name
from schemas.errors import DeploymentError, did_you_mean
from serving.keys import expiry, store
from serving.keys.client import VARIABLE
from serving.keys.key import Key
from serving.process import records

TEXT = "make, list and revoke the keys that clients of a service show"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words that may follow `key`."""
    actions = parser.add_subparsers(dest="action", required=True)
    for action, text in (
        ("add", "make a key and print it, this once; from the first one on every request needs one"),
        ("list", "names, dates and states of the keys; no key itself"),
        ("revoke", "let a key be good no more, within a second"),
        ("clear", "forget all keys: requests from this machine need none any more"),
    ):
        one = actions.add_parser(action, help=text, description=text)
        one.add_argument("name", metavar="NAME", help="the model's name")
        if action == "add":
            one.add_argument("--name", dest="key", metavar="WHO", help="what the key is called by (key-1, key-2, …)")
            one.add_argument("--expires", type=_moment, metavar="WHEN", help="2027-01-31, or 90d or 12h from now on")
        if action == "revoke":
            one.add_argument("key", metavar="KEY", help="the key's name, as list shows it")


def run(home: Path, asked: argparse.Namespace) -> int:
    """Do what was asked with the keys of a model, which may be made before it is deployed for the first time.

    Returns:
        0.

    Raises:
        DeploymentError: If there is no such model, or key.
    """
    path = _file(home, asked.name, may_be_new=asked.action == "add")
    if asked.action == "add":
        made, shown = store.add(path, asked.key, asked.expires)
        until = "" if made.expires is None else f" It is good until {_told(made.expires)} UTC."
        _aside(f"The key {made.name!r} of {asked.name} is shown this once: only its hash is kept.{until}")
        _aside(f"Clients send it as Authorization: Bearer KEY; programs of this repository find it in {VARIABLE}.")
        print(shown)
    elif asked.action == "revoke":
        revoked = store.revoke(path, asked.key)
        print(f"{asked.name}: the key {revoked.name!r} is revoked")
    elif asked.action == "clear":
        store.clear(path)
        print(f"{asked.name}: all keys are forgotten; requests from this machine need none")
    else:
        _list(asked.name, store.read(path))
    return 0


def _file(home: Path, name: str, *, may_be_new: bool) -> Path:
    """Return the file of a model's keys."""
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        raise DeploymentError(f"{name!r} is no model's name: lower-case letters, digits, _ and -") from None
    path, known = records.keys_path(home, name), records.names(home)
    if may_be_new and name not in known:
        _aside(f"Nothing is deployed as {name!r} yet.{did_you_mean(name, known)}")
    elif name not in known and not path.exists():
        records.find(home, name)
    return path


def _list(name: str, keys: list[Key]) -> None:
    if not keys:
        print(f"{name} has no keys: requests need none, and it cannot listen where other machines reach it.")
        return
    now = datetime.now(UTC)
    lines = [("NAME", "STATE", "MADE", "EXPIRES"), *((one.name, *_cells(one, now)) for one in keys)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cells(key: Key, now: datetime) -> tuple[str, str, str]:
    return key.state(now), _told(key.made), "-" if key.expires is None else _told(key.expires)


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _moment(text: str) -> datetime:
    try:
        return expiry.moment(text, datetime.now(UTC))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _aside(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
