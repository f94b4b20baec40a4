"""A batch that is killed anywhere and run again: the result of an undisturbed one, each row once in the journal."""

import json
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest

from schemas.home import ROOT
from tests.serving import packages
from tests.soak import count


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("killed")
    package = packages.write_rules(folder / "rules")
    rows = pd.DataFrame({"listing id": range(110), "size": [f"{place / 64}" for place in range(110)], "city": "Bern"})
    rows.loc[[3, 47], "size"] = "large"
    rows.to_csv(folder / "new.csv", index=False)
    (folder / "runs").mkdir()
    words = [str(package), str(folder / "new.csv"), str(folder / "runs"), str(count(8, 200)), "7"]
    command = [sys.executable, "-m", "tests.batch_runs", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def without_ids(output: str) -> list[str]:
    """Return the lines without the ids of requests, which a batch draws."""
    lines = [line.split(",") for line in output.splitlines()]
    place = lines[0].index("request_id")
    return [",".join([*line[:place], *line[place + 1 :]]) for line in lines]


def test_the_result_is_that_of_an_undisturbed_run(trials: list[dict[str, Any]]) -> None:
    first, *killed = trials
    assert len(without_ids(first["output"])) == 109 and len(first["errors"].splitlines()) == 3
    assert sum(one["killed"] for one in killed) >= len(killed) // 2, "kills that never came test nothing"
    for one in killed:
        assert without_ids(one["output"]) == without_ids(first["output"]), one["kills"]
        assert one["errors"] == first["errors"], one["kills"]
        assert set(one["files"]) - {"journal.db-wal", "journal.db-shm"} == {"out.csv", "errors.csv", "journal.db"}


def test_each_predicted_row_is_in_the_journal_once_by_the_name_that_the_output_has(
    trials: list[dict[str, Any]],
) -> None:
    for one in trials:
        journal = {(name, place): given for name, place, given, _ in one["journal"]}
        assert len(journal) == len(one["journal"]) == 108, one.get("kills")
        names, *lines = [line.split(",") for line in one["output"].splitlines()]
        for line in lines:
            row = dict(zip(names, line, strict=True))
            given = journal.pop((row["request_id"], int(row["request_row"])))
            assert given == {"size": float(row["size"]), "city": "Bern"}
        assert not journal
