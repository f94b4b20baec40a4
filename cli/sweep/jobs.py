"""From a sweep's command line to its jobs: each is composed, checked and parsed as a single run is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from omegaconf import open_dict
from omegaconf.errors import OmegaConfBaseException

from cli.config.arguments import Arguments
from cli.config.compose import Composition, compose
from cli.config.load import load_run
from cli.config.safety import without_password
from cli.preflight.run import named_columns, preflight
from cli.sweep.expand import Expansion, Words
from schemas.errors import ConfigurationError, Fault
from schemas.pipelines import PIPELINES, SWEPT, PipelineSpec
from schemas.run import Run

_RANKED_BY: dict[str, Callable[[Run], Any]] = {
    "data": lambda run: run.data.source,
    "data.target": lambda run: run.data.target,
    "data.task": lambda run: run.data.task,
    "split": lambda run: run.split,
    "metric": lambda run: run.metric,
    "stack": lambda run: run.stack,
}
_NAMED = 5  # values of a word
_WHY = {"stack": "a sweep runs on one stack", "metric": "a sweep is ranked by one metric"}


@dataclass(frozen=True)
class Job:
    """One job that can run."""

    number: int
    words: Words
    composition: Composition
    run: Run


def read_jobs(arguments: Arguments, expansion: Expansion) -> list[Job]:
    """Compose and check every job.

    Raises:
        ConfigurationError: With the faults of all jobs, each once.
    """
    found: dict[Fault, list[Words]] = {}
    jobs: list[Job] = []
    typed = _typed(expansion.jobs)
    for words in expansion.jobs:
        try:
            composition, run = _read(arguments, words)
        except ConfigurationError as error:
            for fault in error.faults:
                found.setdefault(_as_typed(fault, words, typed), []).append(words)
        else:
            jobs.append(Job(len(jobs), words, composition, run))
    faults = expansion.faults + [_placed(fault, where, expansion.jobs) for fault, where in found.items()]
    faults = faults or list(_not_comparable(jobs))
    if faults:
        raise ConfigurationError(faults)
    return _distinct(jobs, expansion)


def preflight_all(jobs: list[Job]) -> None:
    """Look before starting, once for each declaration of the data and the columns read of it.

    Raises:
        ConfigurationError: With everything that is missing.
    """
    found: list[Fault] = []
    for run in {f"{job.run.data!r} {job.run.split!r} {named_columns(job.run)!r}": job.run for job in jobs}.values():
        try:
            preflight(run)
        except ConfigurationError as error:
            found += [fault for fault in error.faults if fault not in found]
    if found:
        raise ConfigurationError(found, "The sweep cannot start")


def _read(arguments: Arguments, words: Words) -> tuple[Composition, Run]:
    composition = compose(replace(arguments, overrides=words.texts, multirun=False))
    action, pipeline = _top(composition, "action"), _top(composition, "pipeline")
    if action not in ("run", "plan"):
        composition.faults.append(Fault("action", f"{action!r} is no action of a sweep", "actions: run, plan"))
    if (
        isinstance(pipeline, str) and pipeline in PIPELINES
    ):  # what else is wrong with a job is found as that of a training run
        composition.faults += _pipeline_faults(PIPELINES[pipeline], "pipeline" in composition.overrides.typed)
        with open_dict(composition.config):
            composition.config.pipeline = SWEPT
            composition.config.hydra.runtime.choices["pipeline"] = SWEPT
    return composition, load_run(composition)


def _top(composition: Composition, key: str) -> Any:
    try:
        return composition.config.get(key)
    except OmegaConfBaseException:
        return None


def _pipeline_faults(pipeline: PipelineSpec, typed: bool) -> Iterator[Fault]:
    """Yield why a pipeline cannot be swept; one that deploys too, where nobody typed it, only trains."""
    if pipeline.trains and not (pipeline.deploys and typed):
        return
    deploys = "deploys, and a sweep must not: only one version can be in production"
    why = deploys if pipeline.deploys else "trains nothing that could be compared"
    hint = "leave pipeline= out" if typed else f"pipeline={SWEPT}"
    yield Fault(
        "pipeline", f"{pipeline.name!r} {why}", f"{hint}: a sweep trains, and prints the command that runs the best"
    )


def _typed(jobs: list[Words]) -> dict[str, str]:
    """Return each swept key with all its values, as a person would name them in one word."""
    found: dict[str, str] = {}
    for key in jobs[0].choices if jobs else ():
        values = list(dict.fromkeys(words.choices[key] for words in jobs))
        found[key] = without_password(f"{key}={','.join(values[:_NAMED])}{',…' if len(values) > _NAMED else ''}")
    return found


def _as_typed(fault: Fault, words: Words, typed: dict[str, str]) -> Fault:
    """Return a fault whose source is the word as typed, not a job's value: what every value has is one fault."""
    lines = fault.hint.split("\n")
    for place, line in enumerate(lines):
        if line.lstrip().startswith("declared by the override "):
            for key, value in words.choices.items():
                lines[place] = lines[place].replace(f"{key}={value}", typed[key])
    return replace(fault, hint="\n".join(lines))


def _placed(fault: Fault, where: list[Words], jobs: list[Words]) -> Fault:
    """Return a fault with a line that names the jobs that have it, unless all have."""
    if len(where) == len(jobs):
        return fault
    alike = [
        without_password(f"{key}={value}")
        for key, value in where[0].choices.items()
        if [words for words in jobs if words.choices[key] == value] == where
    ]
    more = f" and {len(where) - 1} more" if len(where) > 1 else ""
    line = f"in every job with {alike[0]}" if alike else f"in the job {where[0].label}{more}"
    return replace(fault, hint=f"{fault.hint}\n    {line}" if fault.hint else line)


def _not_comparable(jobs: list[Job]) -> Iterator[Fault]:
    """Yield what the jobs must share and do not."""
    for path, read in _RANKED_BY.items():
        other = next((job for job in jobs if read(job.run) != read(jobs[0].run)), None)
        if other is not None:
            why = _WHY.get(path, "scores on different rows cannot be ranked in one table")
            difference = f"the jobs {jobs[0].words.label!r} and {other.words.label!r} differ in it"
            yield Fault(path, f"{difference}: {why}", "run a sweep for each of them")


def _distinct(jobs: list[Job], expansion: Expansion) -> list[Job]:
    """Return the jobs that ask for different things, numbered from 0."""
    first: dict[str, Job] = {}
    again = [job for job in jobs if first.setdefault(job.run.model_dump_json(), job) is not job]
    if again:
        same = first[again[0].run.model_dump_json()].words.label
        more = f" (and {len(again) - 1} more likewise)" if len(again) > 1 else ""
        expansion.notes.append(f"{again[0].words.label} asks for the same as {same} and does not run again{more}")
    kept = [replace(job, number=number) for number, job in enumerate(first.values())]
    for job in kept:
        with open_dict(job.composition.config):
            job.composition.config.hydra.job.num = job.number
            job.composition.config.hydra.job.id = str(job.number)
    return kept
