"""`-m`: every combination of the values named on the command line, trained and compared on the validation set."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from cli import last_words
from cli.actions import SIGNALS, apply_verbosity, begin, command, ended
from cli.config.arguments import Arguments
from cli.config.repository import Repository
from cli.console import Progressing
from cli.preflight.run import make_home
from cli.progress import Progress
from cli.run_folder import RunFolder
from cli.signals import Stops, Terminated, termination_raises
from cli.sweep.expand import Expansion, expand
from cli.sweep.folder import SweepFolder, table_text
from cli.sweep.jobs import Job, preflight_all, read_jobs
from cli.views.plan import plan_lines
from cli.views.sweep import Ending, show_comparison
from ml.tuning.learning_curves import learnt
from ml.tuning.ranking import compare
from schemas.pipelines import CANDIDATE
from schemas.sweep import Comparison, JobResult

if TYPE_CHECKING:
    from pipelines.sweep import JobEnd


def sweep(console: Console, arguments: Arguments) -> int:
    """Run or plan a sweep.

    Returns:
        The worst job's exit code: 1 where one failed, else 3 where one was refused, else 0.

    Raises:
        ConfigurationError: With the faults of all jobs; nothing was started or written.
    """
    expansion = expand(arguments.overrides, Repository.prepared(arguments.config_dir))
    jobs = read_jobs(arguments, expansion)
    preflight_all(jobs)
    folder = SweepFolder(jobs)
    first = jobs[0].composition.config
    if first.action == "plan":
        for line in _planned(jobs, expansion):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        return 0
    make_home()
    apply_verbosity(first.hydra.verbose)
    for line in _described(jobs, expansion)[: -len(jobs)]:
        sys.stderr.write(line + "\n")
    return Sweep(console, jobs, folder).run()


def _planned(jobs: list[Job], expansion: Expansion) -> Iterator[str]:
    """Yield the jobs and the plan of the first one: what the others reuse is not there before the first one ran."""
    from pipelines.plan import plan

    yield from _described(jobs, expansion)
    first, *others = jobs
    yield f"job {first.number}"
    yield from plan_lines(first.run, plan(first.run, [CANDIDATE]))
    if others:
        yield "each of the others reuses what its own choices do not change, as far as steps are reused at all"


def _described(jobs: list[Job], expansion: Expansion) -> list[str]:
    """Return how many jobs there are and of what, what a person should hear, then a line for each job."""
    run = jobs[0].run
    sizes = " × ".join(f"{size} {key}" for key, size in expansion.sizes.items())
    many = f"{len(jobs)} job" + ("s" if len(jobs) != 1 else "")
    head = f"{run.name}: a sweep of {many}{f' ({sizes})' if sizes else ''} on stack {run.stack.name}; validation only"
    dropped = sorted({key for job in jobs for key in job.composition.repository.dropped})
    groups = ", ".join(dict.fromkeys(key.split(".")[0] for key in dropped))
    shown = [f"{groups} was chosen on the command line; not used of the experiment: {', '.join(dropped)}"]
    notes = dict.fromkeys(note for job in jobs for note in job.composition.notes)
    shown = [*(shown if dropped else []), *expansion.notes, *notes]
    if "hydra.run.dir" in jobs[0].composition.overrides.typed:
        shown.append("hydra.run.dir is for a single run; a sweep writes to hydra.sweep.dir")
    return [head, *shown, *(f"  {job.number}  {job.words.label}" for job in jobs)]


class Sweep:
    """The jobs while they run: each leaves its summary, and the comparison grows with it."""

    def __init__(self, console: Console, jobs: list[Job], folder: SweepFolder) -> None:
        self._console, self._jobs, self._folder = console, jobs, folder
        self._results: list[JobResult] = []
        self._position = 0
        self._job: RunFolder | None = None
        self._stops: Stops | None = None
        self._progress = Progress(Progressing(), self._begin)

    def run(self) -> int:
        """Run every job and show how they compare; after a signal, show what there is and raise what it means."""
        from pipelines.sweep import sweep as run_jobs

        try:
            with termination_raises() as self._stops, self._progress:
                run_jobs([job.run for job in self._jobs], self._progress, self)
        except (KeyboardInterrupt, Terminated) as error:
            if self._folder.is_open:
                self._interrupted(SIGNALS[type(error)])
                self._show(draw=False)
            raise
        self._show()
        statuses = {result.summary.status for result in self._results}
        return 1 if "failed" in statuses else 3 if "refused" in statuses else 0

    def started(self, position: int) -> None:
        """Name the job that begins."""
        if self._stops is not None:
            self._stops.raise_any()
        self._position, self._job = position, None
        job = self._jobs[position]
        self._progress.stage(f"job {job.number} ({position + 1} of {len(self._jobs)}): {job.words.label}".rstrip(": "))

    def ended(self, position: int, end: "JobEnd") -> None:
        """Keep how a job went, unless it failed because the sweep is being stopped."""
        if end.summary.status == "failed" and self._stops is not None:
            self._stops.raise_any()
        folder = self._opened()
        folder.write_summary(end.summary)
        self._results.append(self._result(position, folder, end))
        self._folder.write_table(compare(self._results))

    def _result(self, position: int, folder: RunFolder, end: "JobEnd") -> JobResult:
        job = self._jobs[position]
        return JobResult(
            number=job.number,
            choices=job.words.repeatable,
            folder=str(folder.path),
            summary=end.summary,
            metric=end.metric,
            rows=end.rows,
            trained_in=end.trained_in,
            learning=end.learning,
        )

    def _begin(self) -> None:
        """Make the job's folder, and leave word of the job and of those before it."""
        from pipelines.sweep import JobEnd

        position, folder = self._position, self._opened()
        run = self._jobs[position].run
        killed = self._result(position, folder, JobEnd(ended(run, "failed", last_words.UNKNOWN)))
        begin(run, folder, {self._folder.table: table_text(compare([*self._results, killed]))})

    def _opened(self) -> RunFolder:
        if self._job is None:
            self._job = self._folder.job(self._jobs[self._position])
        return self._job

    def _interrupted(self, signal: str) -> None:
        """Keep the job that was stopped; those after it never began."""
        from pipelines.sweep import JobEnd

        self._stops = None
        if self._job is not None and len(self._results) == self._position:
            stopped = ended(self._jobs[self._position].run, "failed", f"stopped by {signal}")
            self.ended(self._position, JobEnd(stopped))

    def _show(self, *, draw: bool = True) -> None:
        """Show how the jobs compare; who stopped a sweep does not wait for a picture."""
        comparison = compare(self._results)
        table, picture, learning, best = self._folder.write_table(comparison), None, None, None
        if comparison.ranked:
            picture, learning = self._draw(comparison) if draw else (None, None)
            best = command(self._jobs[comparison.ranked[0].number].composition)
        ending = Ending(table, picture, len(self._jobs) - len(self._results), best, learning)
        show_comparison(self._console, comparison, ending)

    def _draw(self, comparison: Comparison) -> tuple[Path, Path | None]:
        """Draw how the jobs compare, and how they learnt where that can be compared."""
        from ml.tuning.learning_plot import learning_curves_picture
        from ml.tuning.plot import comparison_picture

        picture, jobs = self._folder.write_picture(comparison_picture(comparison)), learnt(comparison)
        return picture, self._folder.write_learning(learning_curves_picture(jobs)) if jobs else None
