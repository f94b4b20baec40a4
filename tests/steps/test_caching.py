"""Which source files a step's cache key covers."""

from pathlib import Path

import pytest

from ml.source_code.imports import Sources
from schemas.home import ROOT
from steps.caching import code_digest, keep_parsed

RUNTIMES = {f"ml/runtimes/{name}.py" for name in ("onnx", "keras", "skops", "rules")}


@pytest.fixture(scope="module")
def sources() -> Sources:
    return Sources(ROOT)


def names(sources: Sources, *modules: str) -> set[str]:
    return {path.as_posix() for path in sources.files(modules)}


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("step", "page"),
    [
        ("steps.validate.checks", "ml/checks/page.html.j2"),
        ("steps.gate.judgement", "ml/evaluation/report.html.j2"),
        ("steps.explore.page", "ml/explore/page.css.j2"),
        ("steps.monitor.drift", "ml/monitoring/report.html.j2"),
    ],
)
def test_a_step_that_renders_a_page_runs_again_when_the_shared_frame_changes(
    sources: Sources, step: str, page: str
) -> None:
    assert {page, "ml/reports/base.html.j2", "ml/reports/style.css.j2"} <= names(sources, step)


@pytest.mark.parametrize("step", ["steps.train.model", "steps.evaluate.scores", "steps.batch.rows"])
def test_a_step_that_predicts_runs_again_when_a_runtime_changes(sources: Sources, step: str) -> None:
    assert names(sources, step) >= RUNTIMES


def test_a_step_that_looks_a_component_up_does_not_depend_on_all_components(sources: Sources) -> None:
    files = names(sources, "steps.load.rows")
    assert "steps/registry.py" in files
    assert not [name for name in files if name.startswith(("ml/sources/csv", "ml/trainers/", "pipelines/"))]


def test_the_training_step_depends_on_what_trains_and_not_on_what_measures(sources: Sources) -> None:
    files = names(sources, "steps.train.model", "ml.trainers.sklearn.presets")
    assert {"ml/trainers/sklearn/presets.py", "ml/features/matrix.py", "ml/features/derive.py"} <= files
    assert not {
        "ml/evaluation/metrics.py",
        "ml/evaluation/plots.py",
        "ml/monitoring/drift.py",
        "ml/gate/thresholds.py",
    } & set(files)


def test_the_digest_is_one_of_all_these_files(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    modules = ["steps.train.model", "ml.trainers.sklearn.presets"]
    assert code_digest(modules) == sources.digest(sources.files(modules))
    assert code_digest(modules) != code_digest(modules[:1])
    assert not (tmp_path / "cache" / "source_code.json").exists(), "to ask writes nothing"
    keep_parsed()
    assert (tmp_path / "cache" / "source_code.json").is_file()
