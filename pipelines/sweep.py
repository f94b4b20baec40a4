"""The jobs of a sweep, one after another in this process: validation only, nothing registered, nothing deployed."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ml.io.storage_errors import storage_error
from pipelines.execute import on_stack, run_stages
from pipelines.execution.listener import Listener
from pipelines.execution.session import Part, RunSession
from schemas.home import Home
from schemas.learning import LearningCurves
from schemas.metrics import resolve_metric
from schemas.package import Baseline
from schemas.plan import Observer
from schemas.run import Run
from schemas.summary import MetricsRecord, Summary
from stacks.session import used_store


@dataclass(frozen=True)
class JobEnd:
    """How a job went, the metric it is ranked by, and the hash of the validation rows that it was scored on.

    `trained_in` are the seconds of its training, also where an earlier run did that; `learning` is its course, of a
    model that learns by epochs.
    """

    summary: Summary
    metric: str | None = None
    rows: str | None = None
    trained_in: float | None = None
    learning: LearningCurves | None = None


class Watcher(Protocol):
    """Is called when a job begins and when it ended; what it raises stops the sweep."""

    def started(self, position: int) -> None:
        """The job at `position` begins."""

    def ended(self, position: int, end: JobEnd) -> None:
        """The job at `position` ended."""


def sweep(runs: Sequence[Run], observer: Observer, watcher: Watcher) -> None:
    """Run every job on the stack that they share; one that fails is reported and the next one begins.

    Raises:
        ConfigurationError: If the stack cannot work; no run was begun.
    """
    listener, reported = Listener(observer), set[str]()
    with on_stack(runs[0], observer, listener) as (_client, stack):
        for position, run in enumerate(runs):
            watcher.started(position)
            watcher.ended(position, _finished(RunSession(run, Home.here(), stack, observer, listener, reported)))


def _finished(session: RunSession) -> JobEnd:
    trial = _Trial()
    try:
        summary = run_stages(session, (trial.train,))
    except Exception as error:  # a defect of ours is shown whole, and costs no other job its turn
        plain = storage_error(error, used_store())
        if plain is None:
            session.observer.note(traceback.format_exc().rstrip())
        summary = Summary(
            experiment=session.run.name,
            pipeline=session.run.pipeline,
            stack=session.run.stack.name,
            status="failed",
            error=f"{type(error).__name__}: {error}" if plain is None else plain.sentence,
            seconds=session.seconds,
            runs=session.run_ids,
        )
    return JobEnd(summary, trial.metric, trial.rows, trial.trained_in, trial.learning)


class _Trial:
    """The only stage of a job, and what is known of it beside its part of the summary."""

    def __init__(self) -> None:
        self.metric: str | None = None
        self.rows: str | None = None
        self.trained_in: float | None = None
        self.learning: LearningCurves | None = None

    def train(self, session: RunSession, _parts: Part) -> Part:
        """Train, and score on the validation set."""
        from ml.trainers.baselines import resolve_baseline
        from pipelines.candidate import candidate
        from pipelines.execution.context import run_context

        outcome = session.run_pipeline(candidate, run=session.run, now=run_context(session.run, session.home))
        task = outcome.output("infer_schema", "schema").problem.task
        self.metric = resolve_metric(session.run.metric, task)
        self.rows = outcome.artifact("split", "validation_set").content_hash
        self.trained_in = outcome.seconds_of_origin("train")
        self.learning = outcome.output("train", "candidate").manifest.learning
        evaluation = outcome.output("evaluate", "evaluation")
        against = outcome.output("evaluate", "baseline_evaluation")
        name = resolve_baseline(session.run.baseline, task).name
        return {
            "baseline": Baseline(name=name, metrics=against.metrics),
            "metrics": MetricsRecord(**evaluation.metrics, intervals=evaluation.intervals),
        }
