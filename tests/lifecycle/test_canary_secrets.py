"""Secrets in every place that takes one, over runs that fail and runs that succeed: none is found afterwards."""

import base64
import csv
import random
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import httpx
import pytest

from tests.lifecycle.conftest import World, ask
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server
from tests.ml.io.database.postgresql import postgresql as postgresql

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
_CHANCE = random.Random(20)
CANARIES = {
    place: "cnry" + "".join(_CHANCE.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", k=28))
    for place in (
        *("login", "token", "sas", "signed", "bearer", "user", "parameter", "odbc", "plain", "environment", "aws"),
        *("azure", "zenml", "input", "output", "errors", "journal", "folder", "trainer", "file", "sweep", "label"),
        *("private", "oss"),
    )
}
C = CANARIES
CSV = ["+experiment=plain", "data=csv", "data.target=y"]
SQL = ["+experiment=plain", "data=sql", "data.target=y", "data.table=deals"]
BATCH = ["+experiment=breast_cancer", "pipeline=batch_inference"]
REFUSED: dict[str, list[str]] = {
    "login": [*CSV, f"data.path=ftp://me:{C['login']}@127.0.0.1/a.csv"],
    "token": [*CSV, f"data.path=https://127.0.0.1:9/a.csv?token={C['token']}"],
    "sas": [*CSV, f"data.path='https://x.blob.core.windows.net/a.csv?sv=2024&sig={C['sas']}'"],
    "signed": [*CSV, f"data.path='https://b.s3.amazonaws.com/a.csv?X-Amz-Signature={C['signed']}'"],
    "bearer": [*CSV, f"data.path=https://127.0.0.1:9/a.csv?access_token={C['bearer']}"],
    "private": [*CSV, f"data.path=https://127.0.0.1:9/a.csv?private_tok%65n={C['private']}"],
    "oss": [*CSV, f"data.path=https://127.0.0.1:9/a.csv?x-oss-signature={C['oss']}"],
    "user": [*CSV, f"data.path=https://ghp_{C['user']}@127.0.0.1:9/a.csv"],
    "parameter": [*SQL, f"data.url='postgresql://127.0.0.1:9/shop?password={C['parameter']}'"],
    "odbc": [*SQL, f"data.url='mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3D{C['odbc']}'"],
    "plain": [*SQL, "data.url=postgresql://me@127.0.0.1:9/shop", f"data.password={C['plain']}"],
    "environment": [*SQL, "data.url=postgresql://me@127.0.0.1:9/shop", "data.password={env: CANARY_ENVIRONMENT}"],
    "aws": [*CSV, "data.path=s3://127.0.0.1/a.csv"],
    "azure": [*CSV, "data.path=abfs://c@x.dfs.core.windows.net/a.csv"],
    "zenml": [*SQL, "data.url=postgresql://me@127.0.0.1:9/shop", "data.password={secret: canary, key: password}"],
    "input": [*BATCH, f"batch.input.path=https://me:{C['input']}@127.0.0.1:9/a.csv", "batch.output.path=o.csv"],
    "output": [*BATCH, "batch.input.path=a.csv", f"batch.output.path=s3://me:{C['output']}@b/o.csv"],
    "errors": [*BATCH, "batch.input.path=a.csv", "batch.output.path=o.csv", f"batch.errors=s3://me:{C['errors']}@b/e"],
    "journal": ["+experiment=breast_cancer", f"+stack.journal=postgresql://me:{C['journal']}@127.0.0.1:9/{{model}}"],
    "folder": ["+experiment=breast_cancer", f"hydra.sweep.dir=s3://me:{C['folder']}@b/o"],
    "trainer": ["+experiment=breast_cancer", f"+trainer.api_token={C['trainer']}"],
    "sweep": ["-m", *SQL, f"data.url=postgresql://me:{C['sweep']}@127.0.0.1:9/a,sqlite:///b.db"],
}
PLAIN = """# @package _global_
defaults:
  - override /gate: open
  - override /trainer: logistic_regression
name: canary
"""
FILE = """# @package _global_
defaults:
  - override /data: csv
name: canary
data:
  path: https://me:{}@127.0.0.1:9/a.csv
  target: y
"""


@pytest.fixture(scope="module")
def said(world: World, postgresql: Server) -> Iterator[list[str]]:
    """All that the runs printed and answered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY_ENVIRONMENT", C["environment"])
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIA0000000000000000")
        patch.setenv("AWS_SECRET_ACCESS_KEY", C["aws"])
        patch.setenv("AZURE_STORAGE_ACCOUNT_KEY", C["azure"])
        patch.setenv("SHOP_PASSWORD", PASSWORD)
        yield [*succeeded(world, postgresql), *failed(world)]


def failed(world: World) -> Iterator[str]:
    from zenml.client import Client

    Client().create_secret("canary", values={"password": C["zenml"]})
    own = world.experiment("canary", FILE.format(C["file"]))
    for place, words in {**REFUSED, "file": ["+experiment=canary"]}.items():
        result = world.run(own, *words)
        assert result.code in (1, 2), (place, result.said)
        assert "Traceback" not in result.err
        yield f"{result.out}{result.err}{result.summary}"


def succeeded(world: World, server: Server) -> Iterator[str]:
    """Train, deploy, predict, label and monitor on rows behind a password, and predict a batch into a table."""
    chance = random.Random(1)
    rows = [(chance.randrange(100), chance.choice("ab")) for _ in range(400)]
    server.execute("CREATE TABLE deals (x integer, z text, y text)")
    server.execute("INSERT INTO deals VALUES " + ",".join(f"({x}, '{z}', '{x > 50}')" for x, z in rows))
    login = [f"data.url={server.url.replace('://', f'://{OWNER}@')}", "data.password={env: SHOP_PASSWORD}"]
    words = [world.experiment("plain", PLAIN), *SQL, *login]
    trained = world.run(*words, "monitor.min_rows=2")
    assert trained.code == 0, trained.said
    yield f"{trained.out}{trained.err}{trained.summary}"
    url = trained.summary["deployment"]["url"]
    answer = ask(url, "/predict", {"instances": [{"x": 1, "z": "a"}] * 60})
    yield str(answer)
    refused = httpx.post(f"{url}/feedback", json={"request_id": answer["request_id"], "index": 0, "label": C["label"]})
    yield refused.text.replace(C["label"], "")  # whoever sends it may hear of it; nobody else
    assert refused.status_code == 422
    monitored = world.run(*words, "pipeline=monitoring", "monitor.min_rows=2")
    yield f"{monitored.out}{monitored.err}{monitored.summary}"
    with (world.folder / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("x", "z"), (3, "a"), (99, "b")])
    out = [
        f"batch.output.url={server.url.replace('://', f'://{OWNER}@')}",
        "batch.output.password={env: SHOP_PASSWORD}",
    ]
    batch = world.run(
        *words, "pipeline=batch_inference", "batch.input.path=in.csv",
        *out, "batch.output.table=answers",
    )  # fmt: skip
    assert batch.code == 0, batch.said
    yield f"{batch.out}{batch.err}{batch.summary}"


def forms(secret: str) -> set[bytes]:
    """Return a secret as programs write it."""
    texts = {secret, quote(secret, safe=""), quote_plus(secret), secret.encode().hex()}
    return {text.encode() for text in texts} | {base64.b64encode(secret.encode())[:-4]}


SECRETS = {place: forms(secret) for place, secret in {**CANARIES, "password": PASSWORD}.items()}


def test_no_secret_is_found_in_what_was_said(said: list[str]) -> None:
    text = "\n".join(said).encode()
    found = [
        place for place, secret in {**CANARIES, "password": PASSWORD}.items() if any(f in text for f in forms(secret))
    ]
    assert not found


def test_no_secret_is_found_in_any_file(world: World, said: list[str]) -> None:
    """Homes, ZenML's store, Bentos, `.hydra`, logs, reports; but the file that a person wrote."""
    files = [path for path in world.folder.rglob("*") if path.is_file() and "mine" not in path.parts]
    assert len(files) > 100 and any(path.name.endswith(".db") for path in files)
    found = []
    for path in files:
        content = path.read_bytes()
        found += [(place, str(path)) for place, texts in SECRETS.items() if any(text in content for text in texts)]
    assert not [(place, path) for place, path in found if place != "zenml"], found
