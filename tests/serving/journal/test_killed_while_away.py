"""Workers that are killed while the journal comes and goes: what was acknowledged is in it, or counted."""

import asyncio
import os
import random
import select
import signal
import time
from pathlib import Path

from schemas.journal_spec import JournalSpec
from serving.journal.engine import connect
from serving.journal.predictions import window
from serving.journal.writer import Journal
from tests.serving.journal.owing import files, take_over, totals
from tests.serving.journal.requests import request
from tests.soak import count as tries

DROP = JournalSpec(policy="drop", queue=20)


def worker(url: str, folder: Path, told: int, turn: int) -> None:
    """Answer requests one after the other, and say of each when it begins and when it is answered."""
    chance = random.Random(turn)
    journal = Journal(connect(url, lock_timeout=0.002), DROP, 0.002, folder=folder)

    async def answers() -> None:
        for number in range(1_000_000):
            name = f"{turn}:{number}"
            os.write(told, f"b {name}\n".encode())
            one = request(name, 3)
            await journal.write(one._replace(for_review=2**70) if chance.random() < 0.1 else one)
            os.write(told, f"a {name}\n".encode())

    asyncio.run(answers())


def test_after_kills_what_was_acknowledged_is_in_the_journal_or_counted(journal_url: str, tmp_path: Path) -> None:
    rounds = tries(5, 200)
    begun, acknowledged = 0, 0
    chance = random.Random(7)
    for turn in range(rounds):
        reading, told = os.pipe()
        if not (child := os.fork()):
            worker(journal_url, tmp_path, told, turn)
        os.close(told)
        assert select.select([reading], [], [], 30)[0], "it begins to answer"
        ends = time.monotonic() + 0.02 + 0.1 * chance.random()
        with connect(journal_url).connect() as holder:
            while time.monotonic() < ends:
                time.sleep(0.01 * chance.random())
                if turn % 3:  # in every third the journal does not come back before the kill
                    holder.rollback()
                    time.sleep(0.01 * chance.random())
                if not holder.in_transaction():
                    holder.exec_driver_sql("BEGIN IMMEDIATE")
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading) as lines:
            found = [line[0] for line in lines]
        begun, acknowledged = begun + found.count("b"), acknowledged + found.count("a")
    take_over(journal_url, tmp_path)
    kept = window(journal_url).request_ids
    counted = sum(requests for requests, _ in totals(journal_url).values())
    assert acknowledged <= len(kept) // 3 + counted <= begun, (acknowledged, len(kept) // 3, counted, begun)
    assert counted and begun - acknowledged <= rounds and files(tmp_path) == []
