"""What a service answers, by policy, while its journal is away, and afterwards."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from schemas.journal_spec import JournalSpec
from serving.journal.engine import connect
from serving.journal.lost import lost
from serving.journal.predictions import window
from serving.journal.tables import create
from serving.releases.publisher import publish
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server
from tests.ml.io.database.postgresql import postgresql as postgresql
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp
from tests.serving.http.test_limits import BODY, JSON, client, wait_for

DROP = JournalSpec(policy="drop", queue=5)


async def ask(app: Local, times: int = 1) -> list[httpx.Response]:
    """Return answers to /predict, and last to /feedback, /readyz and /metrics."""
    async with client(app) as http:
        answers = [await http.post("/predict", content=BODY, headers=JSON) for _ in range(times)]
        label = json.dumps({"request_id": answers[-1].json().get("request_id", "none"), "label": "yes"})
        return [
            *answers,
            await http.post("/feedback", content=label, headers=JSON),
            await http.get("/readyz"),
            await http.get("/metrics"),
        ]


def test_answers_go_on_while_the_journal_is_locked_and_the_service_stays_ready(local: LocalApp) -> None:
    with local(DeploySpec(deadline=1.0), 0.1, DROP) as app:
        with connect(app.journal_url).connect() as other:
            other.exec_driver_sql("BEGIN IMMEDIATE")
            wait_for(lambda: app.follower.journal.error is not None)
            *answers, feedback, ready, metrics = asyncio.run(ask(app, 8))
        assert [one.status_code for one in answers] == [200] * 8 and ready.status_code == 200
        assert feedback.status_code == 503 and int(feedback.headers["retry-after"]) >= 1
        assert 'drivetrain_journal_lost_requests_total{model="house",reason="full",version="1"} 3.0' in metrics.text
        assert 'drivetrain_journal_waiting_requests{model="house"} 5.0' in metrics.text
        assert 'drivetrain_journal_up{model="house"} 0.0' in metrics.text
        wait_for(lambda: len(window(app.journal_url)) == 5 and len(lost(app.journal_url, 0)) == 1)
        assert lost(app.journal_url, 0)[0].requests == 3


def test_a_journal_that_was_removed_is_not_written_to_and_answers_go_on(local: LocalApp) -> None:
    with local(DeploySpec(), 0.1, DROP) as app:
        file = Path(app.journal_url.removeprefix("sqlite:///"))
        aside = file.rename(file.with_suffix(".aside"))
        wait_for(lambda: app.follower.journal.gone == "removed")
        *answers, feedback, ready, metrics = asyncio.run(ask(app, 2))
        assert [one.status_code for one in (*answers, feedback, ready)] == [200, 200, 503, 200]
        assert 'reason="removed",version="1"} 2.0' in metrics.text
        aside.rename(file)


@pytest.mark.slow
def test_with_its_database_away_a_service_goes_on_and_follows_again_when_that_is_back(
    local: LocalApp, postgresql: Server
) -> None:
    postgresql.execute("DROP DATABASE IF EXISTS service WITH (FORCE)", "CREATE DATABASE service")
    url = f"postgresql+psycopg://{OWNER}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgresql.port}/service"
    create(url)
    with local(DeploySpec(), 0.1, DROP, url) as app:
        postgresql.stop()
        try:
            wait_for(lambda: app.follower.journal.error is not None)
            *answers, feedback, ready, _ = asyncio.run(ask(app, 8))
            assert [one.status_code for one in answers] == [200] * 8
            assert (feedback.status_code, ready.status_code) == (503, 200)
        finally:
            postgresql.start()
        wait_for(lambda: app.follower.journal.error is None)
        wait_for(lambda: len(window(url)) == 5 and len(lost(url, 0)) == 1)
        publish(url, "2", str(packages.write_rules(app.keys.parent / "second")), timeout=20)
        wait_for(lambda: app.follower.current is not None and app.follower.current.version == "2")
        assert asyncio.run(ask(app))[0].json()["version"] == "2" and len(window(url)) == 6
        assert lost(url, 0)[0].requests == 3
