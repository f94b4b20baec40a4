"""Where a model's journal is: one function from home, model and stack to a URL."""

import ast
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, make_url

from schemas.errors import DeploymentError
from schemas.home import ROOT, Home
from schemas.stack import ComponentSpec, StackSpec
from serving.journal.location import journal_url, place, sqlite_url
from serving.journal.owed import hash_of
from serving.journal.tables import create, exists, open_existing
from serving.releases.events import Entry, append
from serving.releases.publisher import current_release
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server, postgresql

__all__ = ["postgresql"]
LOCAL = ComponentSpec(flavor="local")


def stack(journal: str | None = None) -> StackSpec:
    return StackSpec(name="here", orchestrator=LOCAL, artifact_store=LOCAL, journal=journal)


def test_a_journal_is_a_file_in_the_home_unless_the_stack_declares_another(tmp_path: Path) -> None:
    own = f"sqlite:///{tmp_path}/journals/house.db"
    assert journal_url(Home(tmp_path), "house") == journal_url(Home(tmp_path), "house", stack()) == own
    declared = stack("postgresql+psycopg://me@host/journal_{model}")
    assert journal_url(Home(tmp_path), "house", declared) == "postgresql+psycopg://me@host/journal_house"


@pytest.mark.parametrize(
    "other",
    [
        "postgresql+psycopg://new:other@host:5432/house",
        "postgresql+psycopg2://host:5432/house?password=secret&connect_timeout=3",
        "postgresql://me:secret@host:5432/house?sslmode=require",
    ],
)
def test_where_a_journal_is_holds_no_secret_and_stays_when_user_password_driver_or_options_change(other: str) -> None:
    url = "postgresql+psycopg://me:secret@host:5432/house"
    assert place(other) == place(url) == "postgresql://host:5432/house"


def test_what_is_owed_is_known_by_where_its_journal_is() -> None:
    one, same, other = (
        create_engine(f"postgresql+psycopg://{rest}")
        for rest in ("a:b@host/house", "c@host/house?x=1", "a:b@host/other")
    )
    assert hash_of(one) == hash_of(same) != hash_of(other)


def test_another_place_is_another_journal() -> None:
    socket = "postgresql+psycopg://me@/house?host=/run/postgresql"
    urls = [socket, "postgresql://host/house", "postgresql://host/other", "mysql://host/house", "sqlite:////a/b.db"]
    assert len({place(url) for url in urls}) == len(urls)
    assert place(socket) == "postgresql:///house?host=%2Frun%2Fpostgresql"
    assert place(sqlite_url(Path("/a/b.db"))) == "sqlite:////a/b.db"


@pytest.mark.parametrize(
    ("options", "schemas"),
    [
        ("-csearch_path=a", "a"),
        ("-c search_path=a,b -c work_mem=1MB", "a,b"),
        ("--search-path=a -c Search_Path=b", "b"),
        (r"-c search_path=a,\ \"b\ c\"", 'a,"b c"'),
        ("-c statement_timeout=5s -c x.search_path=a", ""),
        ("-c search_path=", ""),
    ],
)
def test_each_schema_of_a_database_may_have_a_journal(options: str, schemas: str) -> None:
    found = make_url(place(f"postgresql+psycopg://host/house?options={quote(options)}"))
    assert found.query.get("search_path", "") == schemas and "options" not in found.query


def test_an_address_beside_a_name_says_where_a_journal_is() -> None:
    here, there = (place(f"postgresql://db/house?hostaddr=10.0.0.{number}") for number in (1, 2))
    assert here != there


def test_nothing_else_builds_a_url_of_a_journal() -> None:
    built = {
        str(path.relative_to(ROOT))
        for package in ("cli", "pipelines", "stacks", "steps", "serving")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "examples.py"  # of the conformance suite: rows in a database, no journal
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("sqlite:///")
    }
    assert built == {"serving/journal/location.py"}


def test_nothing_is_in_production_before_there_is_a_journal(tmp_path: Path) -> None:
    assert current_release(journal_url(Home(tmp_path), "house")) is None


def test_a_database_without_a_driver_is_a_fault(tmp_path: Path) -> None:
    url = "firebird://host/journal_house"
    for ask in (exists, create):
        with pytest.raises(DeploymentError, match="firebird://host/journal_house cannot be"):
            ask(url)


def test_a_journal_of_another_database_goes_through(postgresql: Server, tmp_path: Path) -> None:
    template = postgresql.url.replace("postgresql://", f"postgresql+psycopg://{OWNER}@")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        postgresql.execute("CREATE DATABASE journal_house")
        url = journal_url(Home(tmp_path), "house", stack(template.replace("/shop", "/journal_{model}")))
        assert not exists(url) and current_release(url) is None
        create(url)
        assert exists(url)
        engine = open_existing(url)
        append(engine, lambda _past: [Entry("7", "/package", "current", weight=1.0)])
        engine.dispose()
        found = current_release(url)
    assert found is not None and (found.version, found.package_url) == ("7", "/package")


def test_a_database_that_does_not_answer_is_an_error_that_names_it(tmp_path: Path) -> None:
    url = journal_url(Home(tmp_path), "house", stack(f"postgresql+psycopg://{OWNER}@127.0.0.1:1/{{model}}"))
    with pytest.raises(DeploymentError, match=r"The journal postgresql\+psycopg://.*cannot be reached"):
        current_release(url)
