"""What operators say to a rollout that runs: python -m serving pause|resume|rollback NAME, and what `status` says."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from schemas.errors import DeploymentError
from serving.process import records
from serving.rollouts import operating
from serving.rollouts.operating import Gone
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
    """Take the new version of a model's rollout away; say whether there was one. `tell` gets a sentence while it waits.

    One in which somebody took over, by placing another version, may have left its own where it was.

    Raises:
        DeploymentError: If the new version was taken away a moment ago.
    """
    url = records.find(home, name).journal_url
    with records.lock(home, name, tell=tell):
        if operating.running(url) is not None:
            print(f"{name}: the rollout of version {operating.roll_back(url)} is rolled back; production stays")
        elif (left := operating.take_away(url)) is not None:
            print(
                f"{name}: version {left.candidate}, whose rollout had ended, is gone; production stays. {_more(name)}"
            )
        elif (gone := operating.just_gone(url)) is not None:
            raise DeploymentError(_is_gone(name, gone))
        else:
            return False
        return True


def _is_gone(name: str, gone: Gone) -> str:
    seconds, found = max(0.0, time.time() - gone.time), gone.rollout
    return (
        f"The new version {found.candidate} was taken away {seconds:.0f} seconds ago ({gone.why}); version {found.old} "
        f"is in production, as before. {_more(name)}"
    )


def _more(name: str) -> str:
    return f"To replace that one by the version before it: python -m serving rollback {name} --production"


def told(journal_url: str) -> list[str]:
    """Return what is said of the rollout that runs, or ran last."""
    with suppress(DeploymentError):
        found = operating.latest(journal_url)
        return [] if found is None else list(lines(found))
    return []
