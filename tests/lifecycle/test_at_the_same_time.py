"""Two experiments started at the same moment from nothing, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.home import ROOT
from serving.process import services
from tests.lifecycle.conftest import ask

pytestmark = [pytest.mark.stacks, pytest.mark.own_worker, pytest.mark.untraced]


def test_two_experiments_at_the_same_time_both_end_with_a_live_service(tmp_path: Path) -> None:
    home = tmp_path / "nobody"
    home.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        "ZENML_CONFIG_PATH": str(tmp_path / "zenml"),
        "ZENML_LOCAL_STORES_PATH": str(tmp_path / "zenml-stores"),
        "DRIVETRAIN_HOME": str(tmp_path / "home"),
        "BENTOML_HOME": str(tmp_path / "bentoml"),
    }
    names = ("breast_cancer", "diabetes")
    running = {
        name: subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), f"+experiment={name}", f"hydra.run.dir={tmp_path / name}"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in names
    }
    try:
        told = {name: one.communicate(timeout=200)[0] for name, one in running.items()}
        assert {name: one.returncode for name, one in running.items()} == dict.fromkeys(names, 0), told
        summaries = {name: json.loads((tmp_path / name / "summary.json").read_text()) for name in names}
        urls = {summary["deployment"]["url"] for summary in summaries.values()}
        assert len(urls) == 2
        for name, summary in summaries.items():
            assert ask(summary["deployment"]["url"], "/readyz")["model"] == name
        assert [path for path in home.rglob("*") if path.is_file()] == [], "a run writes nothing into a person's home"
    finally:
        for service in services.status(tmp_path / "home"):
            services.stop(tmp_path / "home", service.deployment.name)
