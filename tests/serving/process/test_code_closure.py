"""What the service is made of, and what it must not load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ml.source_code import imports
from schemas.home import ROOT
from serving.journal.location import sqlite_url
from serving.journal.tables import create
from serving.process import code_closure
from serving.process.members import VARIABLE
from serving.process.settings import Settings
from tests.serving import packages

pytestmark = pytest.mark.untraced

HEAVY = {
    *("pandas", "sklearn", "keras", "matplotlib", "zenml", "pyarrow", "skl2onnx", "pandera", "hydra"),
    *("whylogs", "datasketches"),
}
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
    assert {f"ml/runtimes/{name}.py" for name in ("onnx", "keras", "keras_backend", "skops", "rules")} <= names
    assert (
        not {
            "serving/process/services.py",
            "serving/__main__.py",
            "serving/process/bento.py",
            "ml/components/trainer.py",
            "ml/source_code/imports.py",
            "ml/trainers/sklearn/export.py",
            "ml/evaluation/plots.py",
            "ml/evaluation/report.html.j2",
        }
        & names
    )


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service's files and the lock file that may be changed, and is what the hash is taken of."""
    root = tmp_path / "copy"
    for path in (*code_closure.files(), Path(code_closure.LOCK)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes((ROOT / path).read_bytes())
    monkeypatch.setattr(code_closure, "ROOT", root)
    monkeypatch.setattr(imports, "ROOT", root)
    return root


def test_the_hash_changes_with_the_services_code_only(copy: Path, tmp_path: Path) -> None:
    seen = {code_closure.code_hash(tmp_path)}
    (copy / "serving" / "other.py").write_text("x = 1\n")
    (copy / "serving" / "other.html.j2").write_text("x")
    assert {code_closure.code_hash(tmp_path)} == seen
    changes = ("ml/package/model.py", "ml/runtimes/rules.py", "ml/reports/style.css.j2", code_closure.LOCK)
    for number, name in enumerate(changes, start=2):
        with (copy / name).open("a") as file:
            file.write("_CHANGED = 1\n")
        seen.add(code_closure.code_hash(tmp_path))
        assert len(seen) == number, name


def test_a_comment_and_a_docstring_outdate_no_service(copy: Path, tmp_path: Path) -> None:
    before = code_closure.code_hash(tmp_path)
    module = copy / "ml" / "package" / "model.py"
    text = module.read_text()
    module.write_text(text.replace('"""', '"""Now: ', 1) + "\n# a comment\n")
    assert module.read_text().count("Now: ") == 1
    assert code_closure.code_hash(tmp_path) == before
