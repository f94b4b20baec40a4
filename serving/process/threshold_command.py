"""`python -m serving threshold NAME`: by what a version decides and routes to review, moved without a new model."""

import argparse
import getpass
import sys
from pathlib import Path

from schemas.errors import DeploymentError
from schemas.release import Release
from schemas.thresholds import Moved, Thresholds
from serving.journal.opened import opened
from serving.process import code_closure, records
from serving.releases import events, thresholds

TEXT = "show, or move without a new model, the thresholds by which a version decides and routes to review"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words that may follow `threshold`."""
    parser.add_argument("name", metavar="NAME", help="the model's name")
    parser.add_argument(
        "--review", type=_share, metavar="P", help="predictions less probable are routed to review, 0 to 1"
    )
    parser.add_argument(
        "--decision", type=_share, metavar="P", help="of two classes, the second is chosen from this probability on"
    )
    parser.add_argument("--reset", action="store_true", help="those of the package again, but for what is given")
    parser.add_argument("--version", metavar="VERSION", help="the version; left out: that in production")
    parser.add_argument("--why", metavar="TEXT", help="the reason, for the history")


def run(home: Path, asked: argparse.Namespace) -> int:
    """Move the thresholds of a version, or show how they were moved.

    Returns:
        0.

    Raises:
        DeploymentError: If there is no such model or version, or it has no such threshold.
    """
    deployment = records.find(home, asked.name)
    given = Thresholds(review=asked.review, decision=asked.decision)
    if given == Thresholds() and not asked.reset:
        _show(deployment.journal_url, asked.name, asked.version)
        return 0
    if deployment.code_hash != code_closure.code_hash(home):
        text = f"{asked.name} runs other code than this; run its experiment with pipeline=deployment first"
        raise DeploymentError(text)
    version, moved = thresholds.move(
        deployment.journal_url, asked.version, given, who=_who(), why=asked.why, reset=asked.reset
    )
    print(f"{asked.name}: version {version} decides by {_text(moved)}")
    print("A version that is trained anew begins with the thresholds of its own package.", file=sys.stderr)
    return 0


def told(release: Release) -> str:
    """Say by what a version decides."""
    moved = release.thresholds
    assert moved is not None, "asked of versions whose thresholds were moved"
    return f"version {release.version} decides by {_text(moved)}, since {moved.since} by {moved.who}{_why(moved)}"


def _show(journal_url: str, name: str, version: str | None) -> None:
    with opened(journal_url) as engine, engine.connect() as connection:
        known = events.read(connection)
    target = thresholds.version_of(known, version)
    found = [one for key, one in thresholds.history(known) if key == (target.version, target.package_url)]
    for one in found:
        print(f"{one.since}  {_text(one)}, by {one.who}{_why(one)}")
    if not found:
        print(f"{name}: version {target.version} decides by its package's thresholds")


def _text(moved: Moved) -> str:
    return moved.thresholds.text or "its package's thresholds"


def _why(moved: Moved) -> str:
    return f": {moved.why}" if moved.why else ""


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "an operator"


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no probability; it is 0 to 1")
    return number
