"""What is of the whole process that answers: whether it goes on, what it takes, and what it tells of itself."""

from dataclasses import dataclass
from typing import Self

from serving.http.access_log import AccessLog
from serving.http.admission import Admission
from serving.http.leaving import Leaving
from serving.http.pulse import Pulse
from serving.http.sharing import Sharing
from serving.process.settings import Settings


@dataclass(frozen=True)
class Worker:
    """One worker process; `access_log` is None where none is wanted."""

    pulse: Pulse
    leaving: Leaving
    sharing: Sharing
    admission: Admission
    access_log: AccessLog | None = None

    @classmethod
    def of(cls, settings: Settings, leaving: Leaving, sharing: Sharing, place: int = 1) -> Self:
        """Return a worker with these settings; `place` is its number."""
        spec = settings.spec
        access_log = AccessLog(place) if spec.access_log else None
        return cls(Pulse(spec.deadline), leaving, sharing, Admission(spec.max_wait, spec.deadline), access_log)

    @classmethod
    def alone(cls, settings: Settings) -> Self:
        """Return one that nobody supervises, and that shares nothing."""
        return cls.of(settings, Leaving(), Sharing(model=settings.model))

    def stop(self) -> None:
        """Tell what is still to be told, on the event loop."""
        self.sharing.stop()
        if self.access_log is not None:
            self.access_log.stop()
