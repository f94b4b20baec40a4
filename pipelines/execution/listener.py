"""From the events of steps to an observer, which knows the pipeline that they belong to."""

from schemas.events import StepEvent
from schemas.plan import Observer


class Listener:
    """Passes on what steps tell; where several run at once, each line of progress names its step."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._running: list[str] = []
        self.pipeline = ""

    def __call__(self, event: StepEvent) -> None:
        """Take one event."""
        if event.kind == "started":
            self._running.append(event.step)
            self._observer.step_started(self.pipeline, event.step)
        elif event.kind == "finished":
            self._running = [step for step in self._running if step != event.step]
            self._observer.step_finished(self.pipeline, event.step, event.seconds, event.state, event.where)
        elif event.kind == "progress":
            self._observer.progress(f"{event.step}: {event.text}" if len(self._running) > 1 else event.text)
        else:
            self._observer.note(event.text)
