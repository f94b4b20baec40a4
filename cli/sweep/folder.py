"""The folder of a sweep: one folder for each job, `comparison.csv`, `comparison.png` and `learning.png`."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from omegaconf import OmegaConf, open_dict

from cli.run_folder import RunFolder, check_writable, planned, text_at, unused
from cli.sweep.jobs import Job
from ml.io.atomic_write import write_whole
from ml.tuning.ranking import interval, score
from schemas.errors import ConfigurationError, Fault
from schemas.sweep import Comparison, JobResult

_DIR, _SUBDIR = "hydra.sweep.dir", "hydra.sweep.subdir"
_TABLE, _PICTURE, _LEARNING = "comparison.csv", "comparison.png", "learning.png"


class SweepFolder:
    """Where `hydra.sweep.dir` and `hydra.sweep.subdir` point; nothing is written before the first job begins."""

    def __init__(self, jobs: list[Job]) -> None:
        self._given = _DIR in jobs[0].composition.overrides.typed
        first = jobs[0].composition.config
        self.path = planned(first, _DIR)
        self.is_open = False
        check_writable(self.path, _DIR)
        for job in jobs:
            OmegaConf.copy_cache(first, job.composition.config)  # ${now:…} is one time for all of them
        self._inside = [Path(text_at(job.composition.config, _SUBDIR)) for job in jobs]
        faults = list(_faults(self.path, jobs, self._inside))
        if self._given:
            faults += _not_empty(self.path, self._inside)
        if faults:
            raise ConfigurationError(faults)

    def job(self, job: Job) -> RunFolder:
        """Make the sweep's folder, if it is not there yet, and plan the one of a job."""
        if not self.is_open:
            self._open()
        with open_dict(job.composition.config):
            job.composition.config.hydra.sweep.dir = str(self.path)
        return RunFolder(job.composition, self.path / self._inside[job.number])

    def _open(self) -> None:
        try:
            self.path = self.path if self._given else unused(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError([Fault(_DIR, f"{self.path} cannot be made: {error.strerror}")]) from error
        self.is_open = True

    @property
    def table(self) -> Path:
        """Where the table of all jobs is."""
        return self.path / _TABLE

    def write_table(self, comparison: Comparison) -> Path:
        """Write every job with all its validation metrics, best first; return the path."""
        return write_whole(self.table, table_text(comparison))

    def write_picture(self, picture: bytes) -> Path:
        """Write the picture; return its path."""
        return write_whole(self.path / _PICTURE, picture)

    def write_learning(self, picture: bytes) -> Path:
        """Write the picture of the learning curves; return its path."""
        return write_whole(self.path / _LEARNING, picture)


def table_text(comparison: Comparison) -> str:
    """Return the table of all jobs as CSV."""
    text = io.StringIO()
    rows = list(table_rows(comparison))
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def table_rows(comparison: Comparison) -> Iterator[dict[str, object]]:
    """Yield a row for each job; what it does not have is empty."""
    for position, result in enumerate([*comparison.ranked, *comparison.others]):
        ranked = position < len(comparison.ranked)
        yield {
            "rank": position + 1 if ranked else "",
            "job": result.number,
            **result.choices,
            "status": result.summary.status,
            **(_metrics(result) if ranked else {}),
            "train_seconds": _trained(result),
            "folder": result.folder,
            "error": " ".join((result.summary.error or "").split()),
        }


def _trained(result: JobResult) -> object:
    if result.train_seconds is None:
        return "reused" if result.is_reused else ""
    return round(result.train_seconds, 3)


def _metrics(result: JobResult) -> dict[str, object]:
    metrics = result.summary.metrics
    cells: dict[str, object] = {}
    for name in (metrics.validation or {}) if metrics is not None else {}:
        value, low_high = score(result, name), interval(result, name)
        cells[name] = "" if value is None else value
        cells[f"{name}_low"], cells[f"{name}_high"] = low_high if low_high is not None else ("", "")
    return cells


def _not_empty(path: Path, inside: list[Path]) -> list[Fault]:
    """Return a fault where an earlier sweep has written: two sweeps in one folder cannot be told apart afterwards."""
    there = [str(name) for name in (Path(_TABLE), Path(_PICTURE), Path(_LEARNING), *inside) if (path / name).exists()]
    if not there:
        return []
    what = f"{path} holds an earlier sweep ({', '.join(there[:3])}{', …' if len(there) > 3 else ''})"
    return [Fault(_DIR, what, f"name another folder, or leave {_DIR} out: each sweep then makes one of its own")]


def _faults(path: Path, jobs: list[Job], inside: list[Path]) -> Iterator[Fault]:
    for job, folder in zip(jobs, inside, strict=True):
        if not (path / folder).resolve().is_relative_to(path.resolve()) or folder == Path():
            yield Fault(_SUBDIR, f"{folder} is not below the sweep's folder", "its default is the job's number")
        first = inside.index(folder)
        if first != job.number:
            what = f"the jobs {jobs[first].words.label!r} and {job.words.label!r} would share the folder {folder}"
            yield Fault(_SUBDIR, what, "make it depend on what differs, for example ${hydra.job.num}")
        if planned(job.composition.config, _DIR) != path:
            what = "names another folder for each job, but a sweep has one"
            yield Fault(_DIR, what, f"let {_SUBDIR} depend on what differs")
            return
