"""A program that runs one batch again and again, each time until it ends or is killed at a file or database it opens.

Killed means SIGKILL, by the process itself within an audit hook, in a child of a program that has imported everything:
what a child leaves is what it had written when it died.

`python -m tests.batch_runs PACKAGE INPUT FOLDER TRIALS SEED` prints a line of JSON for each trial.
"""

import json
import os
import random
import signal
import sqlite3
import sys
from functools import partial
from pathlib import Path
from typing import Any

from ml.batch.predict import predict_table
from ml.batch.work import BatchPlan, work_folder, working
from ml.package.model import PackagedModel
from ml.sinks.csv import CsvSink, CsvSinkParams
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from serving.journal.batches import JournalOfBatches, withdraw
from serving.journal.location import sqlite_url
from serving.journal.tables import create

PIECE = 20


def batch(package: Path, given: Path, folder: Path) -> None:
    """Predict a file, with its journal, as the step does."""
    model, url = PackagedModel.open(package), sqlite_url(folder / "journal.db")
    source = CsvSource(CsvParams(path=str(given)))
    output = folder / "out.csv"
    sink = CsvSink(CsvSinkParams(path=str(output), replace=True))
    plan = BatchPlan(
        input=str(given), fingerprint=source.fingerprint(), version="3", piece=PIECE, journal=True, code="1"
    )
    with working(work_folder(output), plan, partial(withdraw, url)) as work:
        journal = JournalOfBatches(url, model.signature, "3", "digest")
        predict_table(source, sink, folder / "errors.csv", PIECE, model, "3", work, journal)


def child(run: Any, kill_at: int) -> tuple[bool, int]:
    """Run in a child that is killed at its nth event; return whether it ended by itself, and how many it had."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        count = 0

        def watch(event: str, _arguments: Any) -> None:
            nonlocal count
            if event.startswith(("open", "os.", "sqlite3", "shutil", "pathlib", "fcntl")):
                count += 1
                if count == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        run()
        os.write(write, str(count).encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(read) as told:
        text = told.read()
    assert status in (0, signal.SIGKILL), status
    return status == 0, int(text or 0)


def journalled(folder: Path) -> list[list[Any]]:
    """Return each row of the journal: its request, its place there, its inputs and what was predicted."""
    with sqlite3.connect(folder / "journal.db") as journal:
        found = journal.execute("SELECT request_id, rows, places, inputs, answers FROM requests").fetchall()
    return [
        [name, place, given, answer]
        for name, rows, places, inputs, answers in found
        for place, given, answer in zip(
            range(rows) if places is None else json.loads(places), json.loads(inputs), json.loads(answers), strict=True
        )
    ]


def trial(package: Path, given: Path, folder: Path, kills: list[int]) -> dict[str, Any]:
    """Run a batch, killed at each of these events in turn, until it ends; return what it left."""
    folder.mkdir()
    create(sqlite_url(folder / "journal.db"))
    run = partial(batch, package, given, folder)
    is_done, killed = False, 0
    for event in [*kills, 0]:
        is_done, count = child(run, event)
        killed += not is_done
        if is_done:
            break
    assert is_done
    return {
        "killed": killed,
        "events": count,
        "output": (folder / "out.csv").read_bytes().decode(),
        "errors": (folder / "errors.csv").read_text(),
        "journal": journalled(folder),
        "files": sorted(path.name for path in folder.iterdir()),
    }


def main() -> None:
    """Run an undisturbed batch, and then killed ones."""
    package, given, folder, trials, seed = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        Path(sys.argv[3]),
        *map(int, sys.argv[4:]),
    )
    draw = random.Random(seed)
    first = trial(package, given, folder / "undisturbed", [])
    print(json.dumps(first), flush=True)
    for number in range(trials):
        kills = [draw.randint(1, first["events"]) for _ in range(draw.randint(1, 3))]
        print(json.dumps({**trial(package, given, folder / str(number), kills), "kills": kills}), flush=True)


if __name__ == "__main__":
    main()
