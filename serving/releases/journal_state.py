"""What a worker knows of its journal, and what that means for requests."""

from typing import Literal

from serving.journal.integrity import Integrity
from serving.releases.heartbeat import Heartbeat


class JournalState:
    """Whether the journal can be used; under the policy `drop` requests are answered also while it cannot."""

    def __init__(self, heartbeat: Heartbeat, integrity: Integrity | None, *, drops: bool) -> None:
        self._heartbeat, self._integrity, self._drops = heartbeat, integrity, drops

    @property
    def damage(self) -> str | None:
        """What is wrong with its file, None while that is sound."""
        return None if self._integrity is None else self._integrity.error

    @property
    def error(self) -> str | None:
        """Why it cannot be used, None while it can."""
        return self.damage or self._heartbeat.error

    @property
    def withholds(self) -> str | None:
        """Why answers are withheld whatever is loaded, None while they are not."""
        return None if self._drops else self.error

    @property
    def gone(self) -> Literal["damaged", "removed"] | None:
        """What became of a journal that must not be written to any more."""
        return "damaged" if self.damage is not None else "removed" if self._heartbeat.is_gone else None
