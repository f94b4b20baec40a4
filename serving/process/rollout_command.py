"""What operators say to a rollout that runs: python -m serving pause|resume|rollback NAME, and what `status` says."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from schemas.errors import DeploymentError
from serving.process import records
from serving.rollouts import operating
from serving.rollouts.shown import lines

COMMANDS = (
    ("pause", "keep a rollout in its stage; evidence still rolls it back"),
    ("resume", "let a rollout go on that was paused, or timed out"),
)
"""Each with what it does."""


def pause(home: Path, name: str) -> int:
    """Hold the rollout of a model, and say how it goes on."""
    version = operating.pause(records.find(home, name).journal_url)
    print(f"{name}: the rollout of version {version} stays in its stage; python -m serving resume {name}")
    return 0


def resume(home: Path, name: str) -> int:
    """Let the rollout of a model go on."""
    version = operating.go_on(records.find(home, name).journal_url)
    print(f"{name}: the rollout of version {version} goes on")
    return 0


def rolled_back(home: Path, name: str, tell: Callable[[str], None]) -> bool:
    """Roll back the rollout of a model; say whether one ran. `tell` gets a sentence where somebody is waited for."""
    url = records.find(home, name).journal_url
    with records.lock(home, name, tell=tell):
        if operating.running(url) is None:
            return False
        print(f"{name}: the rollout of version {operating.roll_back(url)} is rolled back; production stays")
        return True


def told(journal_url: str) -> list[str]:
    """Return what is said of the rollout that runs, or ran last."""
    with suppress(DeploymentError):
        found = operating.latest(journal_url)
        return [] if found is None else list(lines(found))
    return []
