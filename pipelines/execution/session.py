"""One run of the command line while it lasts: the ZenML pipelines it runs, and what came out so far."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml.io.storage_errors import storage_error
from pipelines.execution.images import image_settings, variables
from pipelines.execution.lease import lease
from pipelines.execution.listener import Listener
from schemas.errors import DrivetrainError, RefusedError
from schemas.home import Home
from schemas.plan import Observer
from schemas.run import Run
from serving.journal.location import journal_url
from stacks.remote.steps import RemoteStepError
from stacks.session import used_store
from steps.caching import keep_parsed

Part = dict[str, Any]
Ending = Callable[[str, str | None], None]


class RunSession:
    """One run of the command line: what it was asked, where it leaves things, and what came out so far."""

    def __init__(
        self, run: Run, home: Home, stack: Any, observer: Observer, listener: Listener, reported: set[str] | None = None
    ) -> None:
        self.run, self.home, self.stack, self.observer = run, home, stack, observer
        self._listener = listener
        # Data reports that a person was shown already.
        self._reported: set[str] = set() if reported is None else reported
        self.journal_url = journal_url(home, run.name, run.stack)
        self.seconds: dict[str, float] = {}
        self.run_ids: list[str] = []
        self.endings: list[Ending] = []
        """What is told how the run went, however it ends: its status, and why where it did not succeed."""

    def run_pipeline(self, pipeline: Any, **arguments: Any) -> Any:
        """Run a ZenML pipeline to its end and return its outcome.

        Raises:
            RefusedError: If a declared data check stopped it.
            DrivetrainError: If a step failed.
        """
        from pipelines.execution.notes import note_data_report
        from pipelines.execution.outcome import Outcome, run_name

        self._listener.pipeline = pipeline.name
        name = run_name(self.run.name, pipeline.name)
        fault = self._fault_of(pipeline, name, arguments)
        keep_parsed()
        outcome = Outcome.find(name)
        if outcome is None:
            raise fault if fault else DrivetrainError(f"ZenML has no run named {name}")
        self.run_ids.append(outcome.id)
        self.seconds.update(outcome.seconds())
        report = outcome.artifact("validate_data", "data_report")
        if report is not None and str(report.id) not in self._reported:
            self._reported.add(str(report.id))
            note_data_report(outcome, self.observer, self.report(outcome, "data"))
        if fault is not None or outcome.failed_step:
            raise _reported(outcome, fault)
        return outcome

    def _fault_of(self, pipeline: Any, name: str, arguments: dict[str, Any]) -> Exception | None:
        """Run a ZenML pipeline and return what a step raised; close the run where it is this program that ends."""
        from zenml.exceptions import RunInterruptedException

        from pipelines.execution.closing import close_interrupted

        try:
            stack = self.run.stack
            options = {"settings": image_settings(stack), "environment": variables(stack)}
            pipeline.with_options(run_name=name, extra=lease(self.run), **options)(**arguments)
        except RunInterruptedException:
            # ZenML's own signal handler, in place while a step runs.
            close_interrupted(name)
            raise KeyboardInterrupt from None
        except Exception as error:  # a step may raise anything; what a person needs of it is reported
            # One that ran elsewhere may have ended without a word, or before ZenML knew of it.
            self._close(name, error)
            return error
        except BaseException:
            close_interrupted(name)
            raise
        return None

    def _close(self, name: str, fault: Exception) -> None:
        """Close a run that this process drives; one of another orchestrator may live on without us."""
        from pipelines.execution.closing import close_named

        if not lease(self.run):
            return
        try:
            close_named(name, _reason(fault))
        except Exception as error:  # the first error is what a person must hear
            self.observer.note(f"run {name} could not be closed: {type(error).__name__}: {error}")

    def ended(self, status: str, error: str | None) -> None:
        """Tell everybody who waits for it how the run went."""
        for tell in self.endings:
            tell(status, error)

    def report(self, outcome: Any, kind: str) -> Path:
        """Return where the page of a run is put."""
        return self.home.report(self.run.name, kind, outcome.id)


def _reason(fault: BaseException | None) -> str:
    if fault is None:
        return "error: see the run"
    if isinstance(fault, RemoteStepError):
        return str(fault)
    plain = storage_error(fault, used_store())
    return plain.sentence if plain is not None else f"{type(fault).__name__}: {fault}"


class StepFailedError(DrivetrainError):
    """A step of a pipeline failed."""


def _reported(outcome: Any, fault: Exception | None) -> DrivetrainError:
    report = outcome.output("validate_data", "data_report") if outcome.failed_step == "data_gate" else None
    if report is not None and not report.passed:
        reasons = [check.message for check in report.checks if check.severity == "fail" and not check.passed]
        reported: DrivetrainError = RefusedError(reasons, heading="The data checks refused the rows")
    elif isinstance(fault, DrivetrainError):
        reported = fault
    else:
        what = f"Step {outcome.failed_step}" if outcome.failed_step else "The pipeline"
        reported = StepFailedError(f"{what} failed: {_reason(fault)}")
    reported.__cause__ = fault
    return reported
