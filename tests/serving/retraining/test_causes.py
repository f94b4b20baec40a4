"""Causes of retraining: each is acted on once, one at a time, and what died goes on where it was."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from ml.io.process_identity import ProcessIdentity
from schemas.home import ROOT
from schemas.retraining import Cause
from serving.journal.engine import connect
from serving.journal.location import sqlite_url
from serving.journal.schema import retrainings
from serving.journal.tables import create
from serving.retraining import causes
from serving.retraining.causes import Claim, NotNow, all_of, claim, end, note_version, renew

ELSEWHERE = ProcessIdentity.mine().model_copy(update={"host": "elsewhere"}).model_dump_json()
ME = ProcessIdentity.mine().model_dump_json()
DRIFT = Cause(name="drift:1", trigger="drift", why="rows changed")
LABELS = Cause(name="labels:after-0", trigger="labels", why="200 labels came")


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = sqlite_url(tmp_path / "journal.db")
    create(found)
    return found


@pytest.fixture
def engine(url: str) -> Engine:
    return connect(url, lock_timeout=60)


def claimed(engine: Engine, cause: Cause = DRIFT, last_label: int = 7, cool_down: float = 0.0, who: str = ME) -> Claim:
    found = claim(engine, cause, last_label, cool_down, who)
    assert isinstance(found, Claim), found
    return found


def refused(engine: Engine, cause: Cause = DRIFT, cool_down: float = 0.0) -> str:
    found = claim(engine, cause, 9, cool_down, ME)
    assert isinstance(found, NotNow)
    return found.why


def test_twenty_triggers_at_once_begin_one_run(any_journal: str) -> None:
    engine = connect(any_journal, lock_timeout=60)
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda number: claim(engine, DRIFT, number, 0.0, ME), range(20)))
    (mine,) = [one for one in found if isinstance(one, Claim)]
    assert all("a retraining runs already, for drift:1" in one.why for one in found if isinstance(one, NotNow))
    with engine.connect() as connection:
        (row,) = all_of(connection)
    assert (row.cause, row.running, row.attempts, row.last_label) == ("drift:1", 1, 1, mine.taking.last_label)


@pytest.mark.parametrize("outcome", ["released", "refused"])
def test_a_cause_is_never_acted_on_twice(engine: Engine, outcome: causes.Outcome) -> None:
    assert end(engine, claimed(engine), outcome, "done")
    assert "drift:1 was acted on at 20" in refused(engine) and outcome in refused(engine)
    assert claimed(engine, LABELS).taking.cause == LABELS, "another cause may be"


def test_no_other_cause_begins_while_one_runs(engine: Engine) -> None:
    claimed(engine)
    assert "a retraining runs already, for drift:1" in refused(engine, LABELS)


@pytest.mark.parametrize("outcome", ["released", "refused", "failed"])
def test_the_cool_down_is_kept_whatever_came_of_the_last_one(engine: Engine, outcome: causes.Outcome) -> None:
    end(engine, claimed(engine), outcome, "done")
    assert "s of the cool-down of 3600 s are left" in refused(engine, LABELS, cool_down=3600)
    with engine.begin() as connection:
        connection.execute(update(retrainings).values(ended=retrainings.c.ended - 3601))
    claimed(engine, LABELS, cool_down=3600)


def test_a_clock_that_was_set_back_keeps_the_cool_down_no_longer(engine: Engine) -> None:
    end(engine, claimed(engine), "released", "done")
    with engine.begin() as connection:
        connection.execute(update(retrainings).values(ended=retrainings.c.ended + 1e6))
    claimed(engine, LABELS, cool_down=3600)


def test_a_cause_whose_run_failed_may_be_tried_again_with_the_labels_that_it_saw(engine: Engine) -> None:
    first = claimed(engine, last_label=7)
    end(engine, first, "failed", "the disk was full")
    again = claimed(engine, last_label=50)
    assert again.taking == first.taking and not again.took_over
    with engine.connect() as connection:
        (row,) = all_of(connection)
    assert (row.attempts, row.outcome, row.ended, row.said) == (2, None, None, None)


def test_a_run_of_another_host_is_left_alone_until_its_lease_ends(engine: Engine) -> None:
    first = claimed(engine, who=ELSEWHERE)
    assert "runs already" in refused(engine)
    assert renew(engine, first)
    with engine.begin() as connection:
        connection.execute(update(retrainings).values(held_until=1.0))
    assert claimed(engine, last_label=50).taking == first.taking
    assert not renew(engine, first) and not note_version(engine, first, "2") and not end(engine, first, "released", "")


def test_another_cause_may_begin_where_the_one_that_ran_died(engine: Engine) -> None:
    claimed(engine, who=ELSEWHERE)
    with engine.begin() as connection:
        connection.execute(update(retrainings).values(held_until=1.0))
    claimed(engine, LABELS)
    with engine.connect() as connection:
        before, now = all_of(connection)
    assert (before.running, before.outcome, before.said) == (None, "failed", "its process was heard of no more")
    assert (now.running, now.cause) == (1, LABELS.name)


_CLAIMS = """
import sys, time
from ml.io.process_identity import ProcessIdentity
from schemas.retraining import Cause
from serving.journal.engine import connect
from serving.retraining.causes import claim
engine = connect(sys.argv[1])
mine = claim(engine, Cause(name="drift:1", trigger="drift", why=""), 7, 0.0, ProcessIdentity.mine().model_dump_json())
print("claimed", flush=True)
time.sleep(60)
"""


def test_who_comes_after_a_killed_run_goes_on_at_once_with_the_labels_that_it_saw(url: str, engine: Engine) -> None:
    with subprocess.Popen([sys.executable, "-c", _CLAIMS, url], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "claimed\n"
        assert "runs already" in refused(engine)
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = claimed(engine, last_label=50, cool_down=3600)
    assert (again.took_over, again.taking.last_label) == (True, 7)
    assert note_version(engine, again, "3") and end(engine, again, "released", "done")
    assert "version 3 released" in refused(engine)
