"""A retraining's lease while its run lasts, and what came of it at the end."""

import logging
import threading
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from ml.io.process_identity import ProcessIdentity
from schemas.errors import DrivetrainError
from schemas.retraining import Cause
from serving.journal.engine import connect
from serving.journal.opened import opened
from serving.retraining import causes
from serving.retraining.causes import LEASE, Claim, NotNow, Outcome

logger = logging.getLogger("drivetrain.retraining")


class Lost(DrivetrainError):
    """Another run took this one for dead and goes on in its place."""


class Kept:
    """A claim whose lease a thread renews until `end`.

    Args:
        journal_url: The model's journal.
        claim: What was claimed.
    """

    def __init__(self, journal_url: str, claim: Claim) -> None:
        self.claim = claim
        self._engine = connect(journal_url)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="retraining", daemon=True)
        self._thread.start()

    def note_version(self, version: str) -> None:
        """Note which version was registered, once it was. Raises Lost, or SQLAlchemyError."""
        if not causes.note_version(self._engine, self.claim, version):
            raise Lost("Another run took this retraining for dead and goes on with it; this one ends here")

    def end(self, outcome: Outcome, said: str) -> None:
        """Note what came of it, and renew no more."""
        self._over.set()
        self._thread.join()
        try:
            if not causes.end(self._engine, self.claim, outcome, said):
                logger.warning("%s was taken over by another run", self.claim.taking.cause.name)
        except SQLAlchemyError as error:  # the lease ends by itself, and the next one goes on from here
            logger.warning("what came of %s is not noted: %s", self.claim.taking.cause.name, error)
        finally:
            self._engine.dispose()

    def _renew(self) -> None:
        while not self._over.wait(LEASE / 4):
            try:
                if not causes.renew(self._engine, self.claim):
                    return
            except SQLAlchemyError as error:
                logger.warning("the lease of %s is not renewed: %s", self.claim.taking.cause.name, error)


def take(journal_url: str, due: Sequence[Cause], last_label: int, cool_down: float) -> Kept | NotNow:
    """Claim the first of the causes that may be acted on; else say why not, of every one.

    Raises:
        DeploymentError: If there is no journal, or it cannot be written.
    """
    holder = ProcessIdentity.mine().model_dump_json()
    why: list[str] = []
    with opened(journal_url) as engine:
        for cause in due:
            found = causes.claim(engine, cause, last_label, cool_down, holder)
            if isinstance(found, Claim):
                return Kept(journal_url, found)
            why.append(found.why)
    return NotNow("; ".join(dict.fromkeys(why)))
