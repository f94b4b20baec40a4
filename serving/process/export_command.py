"""`python -m serving export`: what the journal holds, as a file for other programs."""

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from ml.io.new_output import output_faults, plain_name
from schemas.errors import DeploymentError
from schemas.home import Home
from serving.journal import location
from serving.journal.export import Format, export
from serving.journal.streamed import Span
from serving.process import records

TEXT = "write the journal's predictions with their labels to a file, while the service goes on"
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", help="the model's name")
    parser.add_argument("--to", required=True, metavar="URL", help="a local path, or s3://bucket/name")
    parser.add_argument("--format", choices=get_args(Format), help="without it the ending of --to says")
    for option, text in (("--since", "from this moment on"), ("--until", "before this moment")):
        parser.add_argument(
            option, type=_moment, metavar="WHEN", help=f"{text}: 2026-11-20, 2026-11-20T13:00, or 24h ago"
        )
    parser.add_argument("--replace", action="store_true", help="take the place of a file of that name")


def run(home: Path, asked: argparse.Namespace) -> int:
    """Write the file. Raises DeploymentError, ContentError, StorageError."""
    form = asked.format or _form(asked.to)
    faults = output_faults(asked.to, "--to", replace=asked.replace)
    if faults:
        raise DeploymentError("\n".join(fault.message for fault in faults))
    known = records.read(home, asked.name)
    url = known.journal_url if known else location.journal_url(Home(home), asked.name)
    count = export(url, asked.to, form, Span(asked.since, asked.until), replace=asked.replace)
    print(f"{asked.name}: {count:,} predictions written to {asked.to}", file=sys.stderr)
    return 0


def _form(target: str) -> Format:
    endings: dict[str, Format] = {"parquet": "parquet", "csv": "csv", "jsonl": "jsonl", "ndjson": "jsonl"}
    form = endings.get(plain_name(target).rpartition(".")[2])
    if form is None:
        forms = ", ".join(get_args(Format))
        raise DeploymentError(f"Which format? The name {plain_name(target)} says none; --format is one of: {forms}")
    return form


def _moment(text: str) -> float:
    """Return seconds since the epoch. Raises argparse.ArgumentTypeError."""
    span = _SPAN.fullmatch(text)
    try:
        if span is not None:
            return (datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})).timestamp()
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        what = (
            f"{text!r} is neither a moment (2026-11-20, 2026-11-20T13:00+01:00; UTC unless said) nor a span (24h, 7d)"
        )
        raise argparse.ArgumentTypeError(what) from None
