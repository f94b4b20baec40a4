"""`python -m serving lineage NAME [VERSION]`: what a version was trained again for, and the labelled rows behind it."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml.io.objects.client import filesystem
from ml.io.objects.errors import told_of_url
from schemas.errors import DeploymentError
from schemas.retraining import LineageRecord
from schemas.timestamps import iso
from serving.journal.opened import opened
from serving.journal.tables import has_table
from serving.process import records
from serving.releases import beside, publisher
from serving.releases.package_cache import fetch_manifest
from serving.retraining.causes import Retraining, all_of

TEXT = "show what a version was trained again for, and the labelled rows that it was trained on"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words that may follow `lineage`."""
    parser.add_argument("name", metavar="NAME", help="the model's name")
    parser.add_argument("version", nargs="?", metavar="VERSION", help="left out: that in production")
    parser.add_argument(
        "--rows", action="store_true", help="print the rows alone, one JSON object a line: request_id, index, label, …"
    )


def run(home: Path, asked: argparse.Namespace) -> int:
    """Print where a version came from.

    Returns:
        0.

    Raises:
        DeploymentError: If there is no such version, or its list of rows is gone or is not what it was.
        PackageError: If its package cannot be read.
    """
    url = records.find(home, asked.name).journal_url
    version = asked.version or _in_production(url, asked.name)
    lineage = fetch_manifest(beside.package_of(url, version)).retraining
    if asked.rows:
        for row in rows_of(_required(lineage, asked.name, version)):
            print(json.dumps(row, ensure_ascii=False))
        return 0
    for line in _history(url):
        print(line)
    if lineage is None:
        print(f"{asked.name}: version {version} was trained on its data alone: no labelled row of the journal is in it")
    else:
        for line in _lines(lineage):
            print(f"{asked.name}: version {version} {line}")
    return 0


def rows_of(lineage: LineageRecord) -> list[dict[str, Any]]:
    """Return the labelled rows behind a version, checked by the digest that its package names.

    Raises:
        DeploymentError: If the list is gone, or is not what it was.
    """
    import pyarrow.parquet as pq

    from ml.io.arrow.nested import to_frame  # pandas, which no other command needs
    from ml.values.digest import frame_digest

    try:
        files, path = filesystem(lineage.url)
        with told_of_url(lineage.url, files), files.open(path, "rb") as file:
            frame = to_frame(pq.read_table(file))
    except (OSError, ImportError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise DeploymentError(f"The list of labelled rows {lineage.url} cannot be read: {why}") from error
    if frame_digest(frame) != lineage.digest:
        raise DeploymentError(f"The list of labelled rows {lineage.url} is not the one that the package names")
    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records"))
    return [row | {"label": json.loads(row["label"])} for row in found]


def _in_production(url: str, name: str) -> str:
    current = publisher.current_release(url)
    if current is None:
        raise DeploymentError(f"no version of {name!r} is in production")
    return current.version


def _required(lineage: LineageRecord | None, name: str, version: str) -> LineageRecord:
    if lineage is None:
        raise DeploymentError(f"version {version} of {name!r} was not trained on labelled rows of the journal")
    return lineage


def _history(url: str) -> Iterator[str]:
    with opened(url) as engine, engine.connect() as connection:
        known = all_of(connection) if has_table(connection, "retrainings") else []
    for one in known:
        yield f"{iso(one.started)}  {one.cause}  {_outcome(one)}"


def _outcome(one: Retraining) -> str:
    version = f" version {one.version}" if one.version else ""
    said = " ".join((one.said or "").split())  # reasons of a refusal stand one to a line
    return "under way" if one.outcome is None else f"{one.outcome}{version}: {said}".rstrip(": ")


def _lines(lineage: LineageRecord) -> Iterator[str]:
    found = lineage.collection
    yield f"was trained again for {found.cause.name}: {found.cause.why}"
    yield f"took the place of version {found.production}, with labels up to number {found.last_label}"
    new, old = sum(found.new.values()), found.original["train"] + found.original["validation"]
    yield f"learnt from {new:,} labelled rows beside {old:,} of its data; {found.recent:,} more were for comparison"
    for one in found.sources:
        yield f"labels {'without a source' if one.source is None else f'of {one.source}'}: {one.rows:,} rows"
    yield f"rows: {lineage.rows:,} in {lineage.url}, sha256 {lineage.digest}"
