"""What a service checks and sets where BentoML starts it."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.journal import tables
from serving.journal.engine import connect
from serving.process import alone, contents, settings, variables
from serving.process.contents import Contents
from serving.process.members import VARIABLE
from serving.releases.events import Event
from serving.releases.known_releases import KnownReleases

CONFIGURED = "BENTOML_CONFIG_OPTIONS"


@pytest.fixture
def bento(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that this program believes to be its Bento; the current one is another, and the environment is empty."""
    for name in [name for name in os.environ if name.startswith(("DRIVETRAIN_", "BENTOML_", "OMP_", "ORT_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with monkeypatch.context() as patch:
        for name in (variables.FOLDER, CONFIGURED, "BENTOML_DO_NOT_TRACK", "OMP_NUM_THREADS", "ORT_DISABLE_TELEMETRY"):
            patch.setenv(name, "")  # so that they are as they were afterwards
            patch.delenv(name)
        token = contents.root.set(tmp_path)
        hold(tmp_path, Contents(model="house", version="1", package="package/a"))
        yield tmp_path
        contents.root.reset(token)


def hold(bento: Path, inside: Contents) -> None:
    (bento / contents.FILE).write_text(inside.model_dump_json())


def test_the_journal_is_made_where_the_command_was_given(bento: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.prepare()
    monkeypatch.chdir("/")  # as BentoML does with its worker
    assert tables.exists(settings.read().journal_url)
    assert "house.db" in {path.name for path in (bento / "here").iterdir()}


def test_bentoml_waits_as_long_as_a_request_may_take(bento: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVETRAIN_DEPLOY_DEADLINE", "90")
    monkeypatch.setenv(CONFIGURED, "api_server.backlog=9")
    alone.prepare()
    assert os.environ[CONFIGURED] == "api_server.backlog=9\nservices.drivetrain.traffic.timeout=95"
    assert os.environ["OMP_NUM_THREADS"] == "1"


def test_what_a_person_set_for_a_library_stays(bento: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    alone.prepare()
    assert os.environ["OMP_NUM_THREADS"] == "4"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DRIVETRAIN_DEPLOY_MAX_ROWS", "many", "DRIVETRAIN_DEPLOY_MAX_ROWS: 'many'"),
        ("DRIVETRAIN_JOURNAL_URL", "sqlite:////proc/none/house.db", "cannot be created: /proc/none: No such file"),
        (
            "DRIVETRAIN_JOURNAL_URL",
            "postgresql+psycopg://me:secret@127.0.0.1:1/x",
            "cannot be created: connection failed",
        ),
    ],
)
def test_what_cannot_be_is_bentomls_own_error(
    bento: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    from bentoml.exceptions import BentoMLException

    monkeypatch.setenv(name, value)
    with pytest.raises(BentoMLException) as raised:
        alone.prepare()
    assert message in str(raised.value) and "secret" not in str(raised.value)


def test_a_service_that_answers_without_its_journal_starts_without_it_where_it_knows_the_releases(
    bento: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bentoml.exceptions import BentoMLException

    monkeypatch.setenv("DRIVETRAIN_JOURNAL_URL", "postgresql+psycopg://me@127.0.0.1:1/x")
    monkeypatch.setenv("DRIVETRAIN_JOURNAL_POLICY", "drop")
    with pytest.raises(BentoMLException, match="cannot be created"):
        alone.prepare()
    config = settings.read()
    event = Event(1, "3", "/packages/3", 1.0, "current", None, None, 0.0)
    KnownReleases(config.cache, config.journal_url).keep([event])
    alone.prepare()
    monkeypatch.setenv("DRIVETRAIN_JOURNAL_POLICY", "block")
    with pytest.raises(BentoMLException, match="cannot be created"):
        alone.prepare()


def test_a_database_that_says_nothing_holds_up_no_start_where_the_releases_are_known(
    bento: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_JOURNAL_POLICY", "drop")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://me@127.0.0.1:{silent.getsockname()[1]}/x"
        monkeypatch.setenv("DRIVETRAIN_JOURNAL_URL", url)
        config = settings.read()
        KnownReleases(config.cache, url).keep([Event(1, "3", "/packages/3", 1.0, "current", None, None, 0.0)])
        began = time.monotonic()
        alone.prepare()
        assert time.monotonic() - began < 3.0


def test_a_journal_that_cannot_be_used_at_all_is_refused_though_the_releases_are_known(
    bento: Path, journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bentoml.exceptions import BentoMLException

    monkeypatch.setenv("DRIVETRAIN_JOURNAL_URL", journal_url)
    monkeypatch.setenv("DRIVETRAIN_JOURNAL_POLICY", "drop")
    KnownReleases(settings.read().cache, journal_url).keep(
        [Event(1, "3", "/packages/3", 1.0, "current", None, None, 0.0)]
    )
    Path(journal_url.removeprefix("sqlite:///")).write_bytes(b"no database at all")
    with pytest.raises(BentoMLException, match="damaged"):
        alone.prepare()


def test_a_bento_without_a_package_serves_what_its_journal_says_and_nothing_else(
    bento: Path, journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bentoml.exceptions import BentoMLException

    from serving.releases import events

    hold(bento, Contents(model="house"))
    monkeypatch.setenv("DRIVETRAIN_JOURNAL_URL", journal_url)
    with pytest.raises(BentoMLException, match="holds no package, and its journal has no version in production"):
        alone.prepare()
    engine = connect(journal_url)
    events.append(engine, lambda _past: [events.Entry("3", "/packages/3", "current", weight=1.0)])
    alone.prepare()
    assert alone.first_version(settings.read(), lambda: None) is None


def test_only_a_service_that_bentoml_starts_publishes_what_is_inside(
    bento: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = settings.read()
    assert alone.first_version(config, lambda: None) is not None
    monkeypatch.setenv(VARIABLE, str(tmp_path / "settings.json"))
    assert alone.first_version(config, lambda: None) is None
