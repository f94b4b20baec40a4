"""Secrets by reference: revealed where they are used, and to be found nowhere else."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ml.io.database.engine import Login
from ml.io.database.errors import message_of
from schemas.choice import Choice
from schemas.errors import ConfigurationError
from schemas.home import ROOT
from schemas.secret import SecretRef
from steps.components import create
from steps.secrets import reveal
from tests.ml.conftest import Plan
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
SQL = {"url": "postgresql://127.0.0.1:1/shop", "table": "orders"}


def test_a_variable_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_PASSWORD", "hunter2")
    assert reveal(SecretRef(env="SALES_PASSWORD")) == "hunter2"
    with pytest.raises(ConfigurationError, match=r"SALES_PASWORD is not set\. Did you mean 'SALES_PASSWORD'"):
        reveal(SecretRef(env="SALES_PASWORD"))
    monkeypatch.setenv("SALES_PASSWORD", "")
    with pytest.raises(ConfigurationError, match="SALES_PASSWORD is empty"):
        reveal(SecretRef(env="SALES_PASSWORD"))


def test_a_component_reveals_its_own_secrets_and_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    params: dict[str, Any] = {**SQL, "user": {"env": "NO_USER"}, "password": {"env": "NO_PASSWORD"}}
    source = create("load", Choice(name="sql", params=params))
    assert [fault.path for fault in source.preflight()] == ["user", "password"]
    monkeypatch.setenv("NO_USER", "me")
    monkeypatch.setenv("NO_PASSWORD", "hunter2")
    source = create("load", Choice(name="sql", params=params))
    (fault,) = source.preflight()
    shown = f"{fault} {source!r} {source.params!r} {vars(source)} {Login('u', 'me', 'hunter2')!r}"
    assert fault.path == "url" and "hunter2" not in shown


@pytest.mark.parametrize("password", ["p@hunter2", "hunter2/@x", "p@hun@ter2", "x?@hunter2"])
@pytest.mark.parametrize("kind", ["load", "write"])
def test_a_password_that_is_not_written_as_a_url_wants_it_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, password: str, kind: str
) -> None:
    monkeypatch.setenv("SHOP_URL", f"postgresql://me:{password}@127.0.0.1:1/shop")
    made = create(kind, Choice(name="sql", params={"url": {"env": "SHOP_URL"}, "table": "t"}))
    (fault,) = made.preflight()
    assert not any(part in str(fault) for part in ("hun", "ter2", "me:")) and "%40" in str(fault)


def test_no_secret_is_left_over_where_a_shorter_one_is_a_part_of_it() -> None:
    error = ValueError("no host for postgresql://ab:ab%20cd@h and no 'ab cd' of ab")
    assert message_of(error, ["ab", "postgresql://ab:ab%20cd@h"]) == "no host for *** and no '***' of ***"


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("data.password=hunter2", "data.password"),
        ("data.password=12345678", "data.password"),
        ("data.password=[hunter2]", "data.password"),
        ("data.password=hunter2,hunter3", "data.password"),
        ("data.password=hun(ter2", "data.password"),
        ("data.passwort=hunter2", "data.passwort"),
        ("data.password={env: A, value: hunter2}", "data.password.value"),
        ("data.url=postgresql://me:hunter2@host/db", "data.url"),
        ("data.url=postgresql://me:hun/ter2@host/db", "data.url"),
        ("data.url='postgresql://host/db?password=hunter2'", "data.url"),
        ("data.user='mysql://me:hunter2@host'", "data.user"),
    ],
)
def test_a_password_in_the_clear_is_refused_and_not_repeated(plan: Plan, word: str, path: str) -> None:
    code, text = plan("sql", "{url: 'postgresql://localhost/x', table: orders, target: a}", word)
    assert code == 2 and path in text
    for secret in ("hunter", "ter2", "12345678"):
        assert secret not in text


def test_a_password_in_the_clear_in_a_file_is_refused_and_not_repeated(plan: Plan) -> None:
    code, text = plan("sql", "{url: 'postgresql://localhost/x', table: orders, target: a, password: hunter2}")
    assert code == 2 and "password: {env: NAME}" in text and "hunter2" not in text


@pytest.mark.parametrize(
    ("reference", "path", "words"),
    [
        ("{env: A, secret: b, key: c}", "data.password", "declare either env, or secret and key"),
        ("{secret: b}", "data.password", "needs both: secret and key"),
        ("{envv: A}", "data.password.envv", "Did you mean 'env'?"),
        ("{env: ''}", "data.password.env", ""),
        ("{env: NO_SUCH_VARIABLE}", "data.password", "is not set"),
        ("{secret: sales, key: password}", "data.password", "ZenML has no secret 'sales'"),
    ],
)
def test_a_reference_that_leads_nowhere_is_reported_by_its_key(
    plan: Plan, reference: str, path: str, words: str
) -> None:
    code, text = plan("sql", f"{{url: 'postgresql://localhost/x', table: t, target: a, password: {reference}}}")
    assert code == 2 and path in text and words in text


def test_a_url_is_text_or_a_reference(plan: Plan) -> None:
    code, text = plan("sql", "{url: {env: A, foo: 1}, table: t, target: a}")
    assert code == 2 and "data.url.foo: is not a known key" in text and "is not text" not in text
    code, text = plan("sql", "{url: 5, table: t, target: a}")
    assert code == 2 and "data.url: 5 is not text or a mapping" in text


SCRIPT = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from cli.main import main

def run(*words):
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main(["--config-dir=conf", "+experiment=till", *words])
    return {"code": code, "text": said.getvalue()}

by_env = "data.password.env=SHOP_PASSWORD"
found = {"trained": run("pipeline=training", "hydra.run.dir=out", "hydra.verbose=true", by_env)}
os.environ["SHOP_PASSWORD"] = "wr0ng-one"
found["planned"] = run("action=plan", by_env)
from zenml.client import Client
parameters = [
    step.config.parameters
    for listed in Client().list_pipeline_runs()
    for name, step in Client().get_pipeline_run(listed.id).steps.items() if name == "load"
]
found["parameters"] = json.loads(json.dumps(parameters, default=str))
left = [os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names]
found["leaks"] = [path for path in left if os.environ["SECRET"].split()[0].encode() in open(path, "rb").read()]
found["files"] = len(left)
Client().create_secret("sales", values={"password": os.environ["SECRET"]})
sys.stdout.flush(), sys.stderr.flush()
before = os.dup(1), os.dup(2)
with open("printed", "wb") as printed:
    os.dup2(printed.fileno(), 1), os.dup2(printed.fileno(), 2)
    for key in ("password", "pasword"):
        found[key] = run("action=plan", "data.password={secret: sales, key: %s}" % key)
    os.dup2(before[0], 1), os.dup2(before[1], 2)
found["printed"] = open("printed").read()
json.dump(found, open("found.json", "w"))
"""


@dataclass(frozen=True)
class SecretRun:
    """What runs in a process of their own found and said."""

    found: Mapping[str, Any]
    printed: str


@pytest.fixture(scope="module")
def secret_run(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> SecretRun:
    """Train from PostgreSQL with the password in the environment, then plan with it in ZenML's store."""
    folder = tmp_path_factory.mktemp("secrets")
    postgresql.execute(
        "CREATE TABLE parcels (weight float, paid boolean, price float)",
        "INSERT INTO parcels SELECT n % 17, n % 3 = 0, 2 * (n % 17) + n % 5 FROM generate_series(1, 400) n",
    )
    (folder / "conf" / "experiment").mkdir(parents=True)
    (folder / "conf" / "experiment" / "till.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /data: sql\n  - override /trainer: ridge\n"
        f"name: till\ndata: {{url: '{postgresql.url}', table: parcels, target: price, user: {OWNER}}}\n",
        encoding="utf-8",
    )
    homes = {"ZENML_CONFIG_PATH": "zenml", "ZENML_LOCAL_STORES_PATH": "stores", "DRIVETRAIN_HOME": "home"}
    environment = {**os.environ, **{name: str(folder / home) for name, home in homes.items()}}
    environment |= {"SHOP_PASSWORD": PASSWORD, "SECRET": PASSWORD, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return SecretRun(json.loads((folder / "found.json").read_text()), done.stdout + done.stderr)


def test_a_run_reads_by_password_and_leaves_it_nowhere(secret_run: SecretRun) -> None:
    assert secret_run.found["trained"]["code"] == 0, secret_run.found["trained"]["text"]
    assert secret_run.found["files"] > 20 and secret_run.found["leaks"] == []
    assert PASSWORD not in secret_run.found["trained"]["text"] + secret_run.printed


def test_a_step_gets_the_reference_only(secret_run: SecretRun) -> None:
    (parameters,) = secret_run.found["parameters"]
    assert parameters["source"]["params"]["password"] == {"env": "SHOP_PASSWORD"}


def test_a_wrong_password_is_reported_without_it(secret_run: SecretRun) -> None:
    assert secret_run.found["planned"]["code"] == 2 and "data.password" in secret_run.found["planned"]["text"]
    assert "wr0ng-one" not in secret_run.found["planned"]["text"]


def test_a_secret_of_zenml_is_found_quietly(secret_run: SecretRun) -> None:
    assert secret_run.found["password"]["code"] == 0, secret_run.found["password"]["text"]
    assert PASSWORD not in secret_run.found["password"]["text"]
    wrong = secret_run.found["pasword"]
    assert wrong["code"] == 2 and "has no key 'pasword'. Did you mean 'password'?" in wrong["text"]
    assert secret_run.found["printed"] == ""
