"""What operators say to a rollout that runs: python -m serving pause|resume|rollback NAME, and what `status` says."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from schemas.errors import DeploymentError
from serving.process import records
from serving.rollouts import operating
from serving.rollouts.record import Rollout
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
    """Roll back the rollout of a model; say whether one ran. `tell` gets a sentence where somebody is waited for.

    Raises:
        DeploymentError: If none runs any more because the new version was rolled back a moment ago.
    """
    url = records.find(home, name).journal_url
    with records.lock(home, name, tell=tell):
        if operating.running(url) is None:
            if (found := operating.just_rolled_back(url)) is not None:
                raise DeploymentError(_is_gone(name, found))
            return False
        print(f"{name}: the rollout of version {operating.roll_back(url)} is rolled back; production stays")
        return True


def _is_gone(name: str, found: Rollout) -> str:
    seconds = max(0.0, time.time() - (found.ended or 0.0))
    return (
        f"The rollout of version {found.candidate} was rolled back {seconds:.0f} seconds ago ({found.why}); version "
        f"{found.old} is in production, as before. To replace that one, too, by the version before it: "
        f"python -m serving rollback {name} --production"
    )


def told(journal_url: str) -> list[str]:
    """Return what is said of the rollout that runs, or ran last."""
    with suppress(DeploymentError):
        found = operating.latest(journal_url)
        return [] if found is None else list(lines(found))
    return []
