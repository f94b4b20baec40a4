"""What is printed for a supervisor of one's own: a unit and a compose file that say what the service needs."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.home import ROOT
from schemas.journal_spec import JournalSpec
from serving.keys import store
from serving.process import records, unit
from serving.process.compose import compose
from serving.process.records import Deployment
from serving.process.variables import chosen

HOSTILE = 'a "b" $HOME 100% \\ é'


def deployment(home: Path, journal_url: str | None = None, **spec: Any) -> Deployment:
    return Deployment(
        name="house",
        port=20_123,
        url="http://127.0.0.1:20123",
        code_hash="",
        bento="drivetrain_house:abc-def",
        log=home / "log",
        journal_url=journal_url or f"sqlite:///{home}/journals/house.db",
        spec=DeploySpec(**spec),
        journal=JournalSpec(keep="whole"),
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(unit, "source", lambda tag: tmp_path / "bentoml" / "bentos" / Path(*tag.split(":")) / "src")
    return tmp_path / "home"


def read(text: str) -> configparser.ConfigParser:
    """Return a unit's settings; a setting that stands twice is an error."""
    found = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read_string(text)
    return found


def test_a_unit_starts_the_service_as_its_user_and_lets_it_write_where_it_must(home: Path) -> None:
    text = unit.unit(home, deployment(home, deadline=100.0))
    service = read(text)["Service"]
    assert service["ExecStart"] == f'"{sys.executable}" "-m" "serving" "run" "house"'
    assert service["WorkingDirectory"] == str(ROOT) and service["User"] and service["Group"]
    assert f'"DRIVETRAIN_HOME={home}" "BENTOML_HOME={home.parent / "bentoml"}"' == service["Environment"]
    assert service["PrivateTmp"] == ("no" if home.is_relative_to("/tmp") else "yes")
    assert service["ReadWritePaths"] == f'"{home}"' and service["NoNewPrivileges"] == "yes"
    assert int(service["TimeoutStopSec"]) > 20.5 and service["Restart"] == "on-failure"
    assert set(read(text)) == {"DEFAULT", "Unit", "Service", "Install"}


def test_a_unit_says_where_another_journal_is_and_holds_no_url(home: Path) -> None:
    elsewhere = deployment(home, "sqlite:////srv/journals/house.db")
    assert read(unit.unit(home, elsewhere))["Service"]["ReadWritePaths"] == f'"{home}" "/srv/journals"'
    archiving = elsewhere.model_copy(update={"journal": JournalSpec(archive="/srv/archive", keep_days=9)})
    paths = f'"{home}" "/srv/journals" "/srv/archive"'
    assert read(unit.unit(home, archiving))["Service"]["ReadWritePaths"] == paths
    (_, mount) = one(home, archiving)["volumes"]
    assert mount["source"] == mount["target"] == "/srv/archive" and "read_only" not in mount
    text = unit.unit(home, deployment(home, "postgresql+psycopg://ann@db/journal"))
    assert "postgresql" not in text and "EnvironmentFile=-/etc/drivetrain/house.env" in text


@pytest.mark.parametrize("folder", ["home", HOSTILE])
def test_systemd_takes_the_unit(home: Path, tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    home.mkdir()
    text = unit.unit(home, deployment(home, f"sqlite:///{tmp_path}/journals {folder}/house.db"))
    assert "%%" in text or "%" not in text
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed: the unit is not read by systemd")
    file = tmp_path / "drivetrain-house.service"
    file.write_text(text)
    done = subprocess.run([verify, "verify", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_path_with_a_line_end_is_refused(home: Path) -> None:
    with pytest.raises(DeploymentError, match="cannot stand in a unit"):
        unit.unit(home / "a\nExecStartPre=x", deployment(home))


def one(home: Path, deployed: Deployment) -> dict[str, Any]:
    (service,) = yaml.safe_load(compose(home, deployed))["services"].values()
    assert isinstance(service, dict)
    return service


def test_a_compose_file_has_what_the_container_needs(home: Path) -> None:
    service = one(home, deployment(home, deadline=20.5, queue=9))
    assert service["image"] == "${DRIVETRAIN_IMAGE:-drivetrain_house:abc-def}"
    assert service["ports"] == ["127.0.0.1:${DRIVETRAIN_PORT:-20123}:3000"]
    assert service["environment"] == {
        "DRIVETRAIN_JOURNAL_URL": "sqlite:////data/journal.db",
        "DRIVETRAIN_CACHE": "/data/packages",
        "BENTOML_HOME": "/tmp/bentoml",
        "HOME": "/tmp",
        "DRIVETRAIN_DEPLOY_OPEN": "true",
        "DRIVETRAIN_DEPLOY_DEADLINE": "20.5",
        "DRIVETRAIN_DEPLOY_QUEUE": "9",
        "DRIVETRAIN_JOURNAL_KEEP": "whole",
    }
    (data,) = service["volumes"]
    assert (data["source"], data["target"]) == ("${DRIVETRAIN_DATA:-./house-data}", "/data")
    assert int(service["stop_grace_period"].removesuffix("s")) > 20.5 and service["read_only"] is True
    assert "/readyz" in service["healthcheck"]["test"][-1]
    compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_a_compose_file_hands_the_secrets_of_lookups_on_by_name(home: Path) -> None:
    lookup = {"name": "a", "key": "id", "columns": ["x"], "url": {"env": "SHOP_URL"}, "query": "SELECT $1 IN :keys"}
    environment = one(home, deployment(home, lookups=[lookup]))["environment"]
    assert environment["SHOP_URL"] == "${SHOP_URL:?a secret of deploy.lookups}"
    declared = {"DRIVETRAIN_DEPLOY_LOOKUPS": environment["DRIVETRAIN_DEPLOY_LOOKUPS"].replace("$$", "$")}
    assert chosen(declared, "house").deploy == DeploySpec.model_validate({"lookups": [lookup]})


def test_a_compose_file_asks_the_host_where_telemetry_goes(home: Path) -> None:
    assert "OTEL" not in compose(home, deployment(home))
    environment = one(home, deployment(home, telemetry=True))["environment"]
    assert environment["DRIVETRAIN_DEPLOY_TELEMETRY"] == "true"
    assert environment["OTEL_EXPORTER_OTLP_HEADERS"] == "${OTEL_EXPORTER_OTLP_HEADERS:-}"


def test_a_compose_file_holds_neither_key_nor_url_and_is_given_the_folder_of_the_keys(home: Path) -> None:
    path = records.keys_path(home, "house")
    _, key = store.add(path, None, None)
    deployed = deployment(home, "postgresql+psycopg://ann@db/journal", host="0.0.0.0")
    text, service = compose(home, deployed), one(home, deployed)
    assert key not in text and "ann@db" not in text
    assert service["ports"] == ["0.0.0.0:${DRIVETRAIN_PORT:-20123}:3000"]
    assert service["environment"]["DRIVETRAIN_JOURNAL_URL"] == "${DRIVETRAIN_JOURNAL_URL:?the URL of the journal}"
    assert service["environment"]["DRIVETRAIN_KEYS"] == "/keys/keys.json"
    assert "DRIVETRAIN_DEPLOY_OPEN" not in service["environment"], "it asks for keys"
    keys = service["volumes"][1]
    assert (keys["source"], keys["target"], keys["read_only"]) == (str(path.parent), "/keys", True)
