"""The three things that `action=` can ask for."""

import logging
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

from rich.console import Console

from cli import last_words
from cli.collector import work_begins
from cli.config.compose import Composition
from cli.config.load import load_run
from cli.console import Progressing
from cli.preflight.run import make_home, preflight
from cli.progress import Progress
from cli.run_folder import RunFolder
from cli.signals import Terminated, termination_raises
from cli.views.components import show_components, write_components
from cli.views.plan import show_plan
from cli.views.summary import show_summary
from ml.io.storage_errors import storage_error
from schemas.errors import ConfigurationError, DrivetrainError, Fault, RefusedError, StorageError, did_you_mean
from schemas.home import ROOT
from schemas.run import Run
from schemas.summary import Summary

_FORMATS = ("table", "json")
EXIT_CODES = {"succeeded": 0, "failed": 1, "refused": 3}


def components(console: Console, composition: Composition) -> int:
    """Show what is here, with `format=json` for programs; nothing of an experiment is needed."""
    form = composition.config.get("format", "table")
    wrong = [] if form in _FORMATS else [_no_format(form)]
    if composition.faults or wrong:
        raise ConfigurationError([*composition.faults, *wrong])
    from cli.catalog.catalog import catalog

    with redirect_stdout(sys.stderr):  # what a package prints on import is none of the list
        found = catalog(composition.repository)
    write_components(console, found) if form == "json" else show_components(console, found)
    return 0


def _no_format(form: object) -> Fault:
    suggestion = did_you_mean(str(form), list(_FORMATS))
    return Fault("format", f"{form!r} is not a format.{suggestion}", f"formats: {', '.join(_FORMATS)}")


def plan(console: Console, composition: Composition) -> int:
    """Show what a run would do; nothing is started or written."""
    declared = load_run(composition)
    preflight(declared)
    from pipelines.plan import plan as make_plan

    _note_dropped(composition)
    show_plan(console, declared, make_plan(declared))
    return 0


def run(console: Console, composition: Composition) -> int:
    """Run the experiment and leave `summary.json`."""
    declared = load_run(composition)
    preflight(declared)
    folder = RunFolder(composition)
    make_home()
    apply_verbosity(composition.config.hydra.verbose)
    _note_dropped(composition)
    summary = _execute(declared, folder)
    path = _written(folder, summary)
    show_summary(console, summary, path, command(composition))
    return EXIT_CODES[summary.status]


def _written(folder: RunFolder, summary: Summary) -> Path:
    """Write the summary; a run that ended is not one that never began, whatever the disk says now."""
    try:
        return folder.write_summary(summary)
    except OSError as error:
        plain = storage_error(error)
        if plain is None:
            raise
        before = f"{summary.error}\n" if summary.error else ""
        raise DrivetrainError(f"{before}{plain.sentence}") from error


def _execute(declared: Run, folder: RunFolder) -> Summary:
    from pipelines.execute import execute

    try:
        with (
            termination_raises() as stops,
            Progress(Progressing(), partial(begin, declared, folder)) as progress,
        ):
            summary = execute(declared, progress)
            if summary.status == "failed":
                stops.raise_any()
            return summary
    except DrivetrainError as error:
        if isinstance(error, (ConfigurationError, StorageError)) and not folder.is_open:
            raise
        text = error.sentence if isinstance(error, StorageError) else str(error)
        return ended(declared, "refused" if isinstance(error, RefusedError) else "failed", text)
    except (KeyboardInterrupt, Terminated) as error:
        if folder.is_open:
            folder.write_summary(ended(declared, "failed", f"stopped by {SIGNALS[type(error)]}"))
        raise
    except Exception as error:
        # A defect of ours: programs get their summary, the person gets the whole trace.
        folder.write_summary(ended(declared, "failed", f"{type(error).__name__}: {error}"))
        raise


def begin(declared: Run, folder: RunFolder, others: Mapping[Path, str] | None = None) -> None:
    """Make the run's folder, and leave word of the run in case it cannot say itself how it ends: its work begins.

    Args:
        declared: The run.
        folder: Its folder.
        others: Files that tell of it too, with what stands in them where it cannot.
    """
    work_begins(much_is_left=others is not None)  # a sweep has composed all of its jobs
    folder.open()
    last_words.leave(folder.path, ended(declared, "failed", "").model_dump_json(), others)


SIGNALS: dict[type[BaseException], str] = {KeyboardInterrupt: "SIGINT", Terminated: "SIGTERM"}


def command(composition: Composition) -> str:
    """Return the command that runs this experiment again, less the pipeline."""
    folder = composition.repository.config_dir
    words = [
        _typed(Path(sys.executable)),
        _typed(ROOT / "run.py"),
        *([f"--config-dir={folder}"] if folder is not None else []),
    ]
    chosen = {group: option for group, option in composition.overrides.chosen.items() if group != "pipeline"}
    words += [f"{'+' if group == 'experiment' else ''}{group}={option}" for group, option in chosen.items()]
    left_out = {"action", "pipeline", *chosen}
    words += [
        text
        for key, text in composition.overrides.typed.items()
        if key not in left_out and not key.startswith("hydra.")
    ]
    return shlex.join(words)


def _typed(path: Path) -> str:
    """Return a path as it can be typed in the current folder."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def ended(declared: Run, status: str, error: str) -> Summary:
    """Return the summary of a run that ended before a pipeline could say how."""
    return Summary.model_validate(
        {
            "experiment": declared.name,
            "pipeline": declared.pipeline,
            "stack": declared.stack.name,
            "status": status,
            "error": error,
        }
    )


def apply_verbosity(verbose: bool | str | Sequence[str]) -> None:
    """Do with `hydra.verbose` what Hydra does: true means everything, else it names loggers."""
    if verbose is False:
        return
    names = [None] if verbose is True else [verbose] if isinstance(verbose, str) else list(verbose)
    logging.basicConfig(stream=sys.stderr)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)


def _note_dropped(composition: Composition) -> None:
    sys.stderr.writelines(f"{note}\n" for note in composition.notes)
    dropped = composition.repository.dropped
    if not dropped:
        return
    groups = {key.split(".")[0] for key in dropped}
    choices = composition.overrides.chosen.items()
    chosen = " ".join(f"{group}={option}" for group, option in choices if group in groups)
    sys.stderr.write(
        f"{chosen} was chosen on the command line; not used of the experiment: {', '.join(sorted(dropped))}\n"
    )
