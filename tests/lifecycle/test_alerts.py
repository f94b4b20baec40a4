"""A drift is told by the stack's alerter: once, with the report's path, and its verdict stands if that fails."""

import json
from pathlib import Path

import pytest

from examples.demo import ROWS, held_out_rows, play, shifted
from tests.lifecycle.conftest import Result, World
from tests.stacks.hook import hook

pytestmark = pytest.mark.untraced
STACK = """
name: watched
orchestrator: {flavor: local}
artifact_store: {flavor: local}
deployer: {flavor: drivetrain_bentoml}
data_validator: {flavor: drivetrain_whylogs}
alerter:
  flavor: drivetrain_webhook
  settings: {url: {secret: hook, key: url}, signing_key: {secret: hook, key: signing_key}, timeout: 5}
"""


def _broken(*_: object) -> None:
    raise RuntimeError("it is broken")


def _holding(folder: Path, secret: bytes) -> list[str]:
    """Return the files below a folder that hold a secret, but for ZenML's database, where it is kept."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("zenml.db"))
    return [str(path) for path in files if secret in path.read_bytes()]


def test_a_drift_is_told_once_and_what_fails_takes_no_verdict_with_it(first: Result, world: World) -> None:
    from zenml.client import Client

    (world.folder / "watch" / "stack").mkdir(parents=True)
    (world.folder / "watch" / "stack" / "watched.yaml").write_text(STACK, encoding="utf-8")
    words = [f"--config-dir={world.folder / 'watch'}", "+experiment=breast_cancer", "stack=watched"]
    words += ["pipeline=monitoring", "monitor.window=200"]
    absent = world.run(*words)
    assert absent.code == 2 and "zenml secret create hook --url=…" in absent.said

    play(first.summary["deployment"]["url"], shifted(held_out_rows("breast_cancer")[:ROWS]))
    with hook() as web:
        secret = Client().create_secret("hook", {"url": f"{web.url}/T0KEN", "signing_key": "s1gning-k3y"})
        planned = world.run(*words, "action=plan")
        assert "drivetrain_webhook" in planned.out and "alert" in planned.out and "T0KEN" not in planned.said
        web.answer = 503
        failed = world.run(*words)
        web.answer = 204
        told, again = world.run(*words), world.run(*words)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("steps.alert.verdict.compose", _broken)
            died = world.run(*words)
    Client().delete_secret(secret.name)
    assert died.code == 0 and died.summary["monitoring"]["verdict"] == "drift" and "Step alert failed" in died.said
    assert died.summary["monitoring"]["alert"]["state"] == "failed"
    found = [result.summary["monitoring"] for result in (failed, told, again)]
    assert [one["verdict"] for one in found] == ["drift"] * 3 and [failed.code, told.code, again.code] == [0, 0, 0]
    assert [one["alert"]["state"] for one in found] == ["failed", "sent", "told_before"]
    assert "127.0.0.1 answers 503; the next run tries again" in failed.said
    assert len(web.posts) == 2, "of three runs the first failed, the second told, the third kept silent"
    alert = json.loads(web.posts[1][2])
    assert alert["model"] == "breast_cancer" and alert["verdict"] == "drift" and alert["told"] == 0
    assert alert["report"] == found[1]["report"] and Path(alert["report"]).is_file()
    behind = {one["column"] for one in found[1]["columns"] if one["verdict"] == "drift"}
    assert {one["name"] for one in alert["changes"] if one["kind"] == "column"} <= behind
    assert "T0KEN" not in f"{failed.said}{told.said}{json.dumps([failed.summary, told.summary])}"
    assert _holding(world.folder, b"T0KEN") == _holding(world.folder, b"s1gning-k3y") == [], "nor in any log of a step"
