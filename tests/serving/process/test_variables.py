"""The environment variables of a Bento that BentoML serves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ml.source_code.python_file import PACKAGES
from schemas.deploy_spec import DeploySpec
from schemas.errors import ConfigurationError, DeploymentError
from schemas.home import ROOT
from schemas.journal_spec import JournalSpec
from serving.process import contents, settings, variables
from serving.process.members import VARIABLE

HERE = {variables.FOLDER: "/srv/models"}


def test_without_any_the_journal_and_the_packages_are_where_it_was_started() -> None:
    found = variables.chosen(HERE, "house")
    assert found == (
        "sqlite:////srv/models/house.db",
        Path("/srv/models/house.packages"),
        None,
        DeploySpec(),
        JournalSpec(),
    )


def test_every_key_of_the_service_has_a_variable() -> None:
    given = {"DRIVETRAIN_DEPLOY_MAX_ROWS": "7", "DRIVETRAIN_DEPLOY_DEADLINE": "2.5", "DRIVETRAIN_JOURNAL_KEEP": "whole"}
    found = variables.chosen({**HERE, **given, "DRIVETRAIN_CACHE": "/var/packages"}, "house")
    assert (found.deploy, found.journal) == (DeploySpec(max_rows=7, deadline=2.5), JournalSpec(keep="whole"))
    assert found.cache == Path("/var/packages")
    keys = {*DeploySpec.model_fields} - {"host", "port", "workers", "rollout", "share", "latency_budget"}
    assert {f"DRIVETRAIN_DEPLOY_{key.upper()}" for key in keys} < {one.name for one in variables.known()}
    assert all(one.about for one in variables.known())


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("sqlite:///mine.db", "sqlite:////srv/models/mine.db"),
        ("sqlite:////var/mine.db", "sqlite:////var/mine.db"),
        ("postgresql+psycopg://me:secret@db/journal", "postgresql+psycopg://me:secret@db/journal"),
    ],
)
def test_a_journal_is_where_its_url_says(given: str, url: str) -> None:
    assert variables.chosen({**HERE, "DRIVETRAIN_JOURNAL_URL": given}, "house").journal_url == url


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DRIVETRAIN_DEPLOY_MAX_ROWS", "many", "DRIVETRAIN_DEPLOY_MAX_ROWS: 'many': input should be a valid integer"),
        ("DRIVETRAIN_DEPLOY_MAX_ROWS", "0", "'0': input should be greater than or equal to 1"),
        ("DRIVETRAIN_DEPLOY_MAX_ROW", "5", "no such variable. Did you mean 'DRIVETRAIN_DEPLOY_MAX_ROWS'?"),
        ("DRIVETRAIN_JORNAL_URL", "x", "Did you mean 'DRIVETRAIN_JOURNAL_URL'?"),
        ("DRIVETRAIN_MODEL", "x", "there is no such variable"),
        ("DRIVETRAIN_DEPLOY_PORT", "80", "bentoml serve --host, --port"),
        ("DRIVETRAIN_KEYS", "none.json", "DRIVETRAIN_KEYS: there is no file /srv/models/none.json"),
        ("DRIVETRAIN_JOURNAL_URL", "mysql://db/x", "no URL of a SQLite or PostgreSQL database"),
        ("DRIVETRAIN_JOURNAL_URL", "nonsense", "no URL of a SQLite or PostgreSQL database"),
        ("DRIVETRAIN_JOURNAL_URL", "sqlite://", "no URL of a SQLite or PostgreSQL database"),
        ("DRIVETRAIN_JOURNAL_KEEP", "all", "DRIVETRAIN_JOURNAL_KEEP: 'all': input should be 'digest'"),
    ],
)
def test_what_cannot_be_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        variables.chosen({**HERE, name: value}, "house")
    assert message in str(raised.value)


def test_all_that_is_wrong_is_said_at_once_and_no_address_with_it() -> None:
    wrong = {"DRIVETRAIN_DEPLOY_QUEUE": "-1", "DRIVETRAIN_X": "1", "DRIVETRAIN_JOURNAL_URL": "mysql://me:secret@db/x"}
    with pytest.raises(ConfigurationError, match="3 problems") as raised:
        variables.chosen(wrong, "house")
    assert "secret" not in str(raised.value)


def test_variables_of_other_parts_of_the_program_are_no_mistake() -> None:
    folders = [*PACKAGES, "cli", "pipelines"]
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert all(
        any(name in text for text in texts)
        for name in variables.OF_OTHERS
        if "SOAK" not in name and "TESTS" not in name
    )
    assert variables.chosen({**HERE, "DRIVETRAIN_HOME": "/x", "PATH": "/bin"}, "house").deploy == DeploySpec()


@pytest.fixture
def bento(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that this program believes to run from."""
    monkeypatch.delenv(VARIABLE, raising=False)
    token = contents.root.set(tmp_path)
    yield tmp_path
    contents.root.reset(token)


def test_a_process_that_runs_from_no_bento_needs_its_settings_file(bento: Path) -> None:
    with pytest.raises(DeploymentError, match="DRIVETRAIN_SERVICE does not name the service's settings file"):
        settings.read()


def test_a_bento_knows_its_model(bento: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bento / contents.FILE).write_text('{"model": "house", "version": "3", "package": "package/ab"}')
    monkeypatch.setenv(variables.FOLDER, "/srv")
    found = settings.read()
    assert (found.model, found.journal_url) == ("house", "sqlite:////srv/house.db")
    inside = contents.read()
    assert inside is not None and inside.folder() == bento / "package" / "ab"


def test_damaged_contents_are_told(bento: Path) -> None:
    (bento / contents.FILE).write_text('{"model": 3}')
    with pytest.raises(DeploymentError, match="The Bento is damaged"):
        settings.read()
