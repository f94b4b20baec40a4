"""What the service is made of, and what it must not load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.home import ROOT
from serving.journal.location import sqlite_url
from serving.journal.tables import create
from serving.process import code_closure
from serving.process.settings import VARIABLE, Settings
from tests.serving import packages

HEAVY = {"pandas", "sklearn", "keras", "matplotlib", "zenml", "whylogs", "pyarrow", "skl2onnx", "pandera", "hydra"}
PROGRAM = """
import json, sys, time
from serving.service import Drivetrain
from serving.releases.publisher import publish
service = Drivetrain.inner()
publish(sys.argv[1], "1", sys.argv[2], timeout=30)
while service._follower.current is None: time.sleep(0.01)
version = service._follower.current
version.predict({name: [value] for name, value in json.loads(sys.argv[3]).items()})
print(json.dumps(sorted(sys.modules)))
service._follower.stop(); service._journal.close()
"""


def test_a_service_with_an_onnx_package_loads_no_training_library_and_renders_no_page(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "journal.db")
    create(url)
    config = tmp_path / "settings.json"
    config.write_text(Settings(model="house", journal_url=url, cache=tmp_path / "cache").model_dump_json())
    package = packages.write_onnx(tmp_path / "package")
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM, url, str(package), json.dumps(packages.ROW)],
        env={
            VARIABLE: str(config),
            "PYTHONPATH": str(ROOT),
            "BENTOML_DO_NOT_TRACK": "True",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(outcome.stdout.splitlines()[-1]))
    packages_loaded = {name.partition(".")[0] for name in loaded}
    assert "onnxruntime" in packages_loaded and not packages_loaded & HEAVY
    assert "serving.http.docs_page" in loaded and "ml.reports" not in loaded, "nobody asked for /docs"


def test_the_bento_holds_the_modules_and_templates_that_the_service_reaches_and_no_others() -> None:
    names = {str(path) for path in code_closure.files()}
    assert {
        "serving/service.py",
        "serving/http/predict.py",
        "ml/package/model.py",
        "ml/__init__.py",
        "schemas/signature.py",
        "serving/http/docs_page.html.j2",
        "ml/reports/base.html.j2",
        "ml/reports/macros.html.j2",
        "ml/reports/style.css.j2",
    } <= names
    assert {"ml/runtimes/onnx.py", "ml/runtimes/skops.py", "ml/runtimes/rules.py"} <= names
    assert (
        not {
            "serving/process/services.py",
            "serving/__main__.py",
            "serving/process/bento.py",
            "ml/components.py",
            "ml/evaluation/plots.py",
            "ml/evaluation/report.html.j2",
        }
        & names
    )


def test_the_hash_changes_with_the_services_code_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in code_closure.files():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    monkeypatch.setattr(code_closure, "ROOT", tmp_path)
    before = code_closure.code_hash()
    (tmp_path / "serving" / "other.py").write_text("x = 1\n")
    (tmp_path / "serving" / "other.html.j2").write_text("x")
    assert code_closure.code_hash() == before
    for name in ("ml/package/model.py", "ml/reports/style.css.j2"):
        with (tmp_path / name).open("a") as file:
            file.write("# changed\n")
        assert code_closure.code_hash() != before
        before = code_closure.code_hash()
