"""`python -m serving manifest FILE`: what a cluster would refuse of manifests."""

import argparse
from pathlib import Path

from schemas.errors import ConfigurationError, Fault
from serving.kubernetes.checks import faults, read, unseen

TEXT = "say what a cluster would refuse of Kubernetes manifests; exit code 2 where it would refuse some"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's argument to its parser."""
    parser.description = TEXT
    parser.add_argument("file", metavar="FILE", type=Path, help="YAML, such as pipeline=capacity writes")


def text(file: Path) -> str:
    """Return that a file is sound. Raises ConfigurationError, with everything that is wrong, where it is not."""
    try:
        places = read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Fault(str(file), f"it cannot be read: {error}")]) from error
    if found := faults(places):
        raise ConfigurationError(found, f"{file} cannot work")
    others = unseen(places)
    besides = f"; not looked at: {', '.join(others)}" if others else ""
    return f"{file}: nothing that a cluster would refuse{besides}\n"
