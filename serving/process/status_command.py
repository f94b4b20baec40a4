"""`python -m serving status [NAME]`: what is deployed, whether it answers, and what stands beside production."""

from contextlib import suppress
from pathlib import Path

from schemas.errors import DeploymentError
from serving.journal.predictions import count
from serving.process import records, rollout_command, services, threshold_command
from serving.process.services import Status
from serving.releases import publisher


def run(home: Path, name: str | None) -> int:
    """Print a line for each deployment, or for one, and what is to be said of it; return 1 unless all are ready."""
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
        rollout = rollout_command.told(one.deployment.journal_url)
        for said in [*([one.why] if one.why else []), *one.workers(home), *_others(one), *rollout]:
            print(f"{one.deployment.name}: {said}")
    return 0 if all(one.ready for one in found) and not unreadable else 1


def _others(status: Status) -> list[str]:
    """Return what is said of versions beside the one in production."""
    with suppress(DeploymentError):  # which the line above says
        every = publisher.releases(status.deployment.journal_url)
        others = every[1:]
        answering = [f"version {one.version} answers {one.weight:.4g} of the requests" for one in others if one.weight]
        unseen = [f"version {one.version} follows unseen" for one in others if one.shadow]
        return answering + unseen + [threshold_command.told(one) for one in every if one.thresholds]
    return []


def _line(status: Status) -> tuple[str, str, str, str, str]:
    deployment = status.deployment
    try:
        pointer = publisher.current_release(deployment.journal_url)
        current = "-" if pointer is None else pointer.version
        rows = str(count(deployment.journal_url))
    except DeploymentError:
        current, rows = "-", "-"
    state = "ready" if status.ready else "alive" if status.alive else "dead"
    return deployment.name, deployment.url, state, current, rows
