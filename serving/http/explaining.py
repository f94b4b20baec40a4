"""What moved predictions, added to them: in a thread of its own, and only as long as the request's deadline allows."""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic_core import to_json

from ml.explanations.explainer import Explainer
from ml.predictions.predictor import Predictions
from ml.validation.checked import Checked
from serving.http.pulse import Pulse

logger = logging.getLogger("bentoml.drivetrain")
_SHARE = 0.8  # of the deadline, from the request's arrival on; the rest is for writing the answer
_FAILED = to_json({"skipped": "it failed; the service's log says why"}).decode()
_KEY = ',"explanation":'


class Explaining:
    """Explains one request at a time; the others wait, and those that wait too long are answered without.

    Args:
        pulse: What ends a worker in which a model stands still.
        deadline: Seconds that a request may take.
    """

    def __init__(self, pulse: Pulse, deadline: float) -> None:
        self._pulse, self._seconds = pulse, _SHARE * deadline
        reason = f"it would have passed the deadline of {deadline:g} seconds (deploy.deadline)"
        self._skipped = to_json({"skipped": reason}).decode()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="explain")

    async def add(
        self, explainer: Explainer, checked: Checked, predicted: Predictions, texts: Sequence[str], started: float
    ) -> list[str]:
        """Return predictions with their explanations.

        Args:
            explainer: Of the version that predicted.
            checked: The rows.
            predicted: Their predictions.
            texts: These as JSON objects.
            started: When the request arrived (time.perf_counter).
        """
        job = _Job(explainer, checked, predicted, started + self._seconds)
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._run, job)
        try:
            await asyncio.wait([running], timeout=max(0.0, job.ends - time.perf_counter()))
        finally:
            job.is_wanted = False
        if running.done():
            running.result()
        else:
            running.cancel()
        skipped = _FAILED if job.has_failed else self._skipped
        explained = job.explained.copy()
        explained += [skipped] * (len(texts) - len(explained))
        return [f"{text[:-1]}{_KEY}{explanation}}}" for text, explanation in zip(texts, explained, strict=True)]

    def _run(self, job: "_Job") -> None:
        self._pulse.begin()
        try:
            job.run()
        finally:
            self._pulse.end()


class _Job:
    """One request's explanations as JSON, as far as they have come."""

    def __init__(self, explainer: Explainer, checked: Checked, predicted: Predictions, ends: float) -> None:
        self._explainer, self._checked, self._predicted = explainer, checked, predicted
        self.ends = ends
        self.is_wanted = True
        self.has_failed = False
        self.explained: list[str] = []

    def run(self) -> None:
        """Explain row after row; where that fails, it is logged and said: the predictions are made and are answered."""
        try:
            for one in self._explainer.explain(self._checked.cells, self._predicted, self._left):
                self.explained.append(to_json(one).decode())
        except Exception:
            logger.exception("a prediction is not explained")
            self.has_failed = True

    def _left(self) -> float:
        return self.ends - time.perf_counter() if self.is_wanted else 0.0
