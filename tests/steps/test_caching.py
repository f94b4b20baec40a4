"""Which source files a step's cache key covers."""

from pathlib import Path

import pytest

from steps import caching
from steps.caching import source_files


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(caching, "ROOT", tmp_path)
    write(tmp_path, "ml/__init__.py", "")
    write(tmp_path, "ml/near.py", "from ml import far\nimport numpy\n")
    write(tmp_path, "ml/far.py", "def f():\n    from schemas.deep import thing\n")
    write(tmp_path, "schemas/deep.py", "import ml.near\n")
    write(tmp_path, "ml/other.py", "")
    return tmp_path


def test_imports_are_followed_to_the_end_also_inside_functions_and_in_circles(tree: Path) -> None:
    assert source_files(["ml.near"]) == ["ml/__init__.py", "ml/far.py", "ml/near.py", "schemas/deep.py"]


def test_a_module_that_nothing_reaches_does_not_count(tree: Path) -> None:
    assert "ml/other.py" not in source_files(["ml.near"])


def test_a_template_counts_with_all_that_it_extends_includes_and_imports(tree: Path) -> None:
    write(tree, "ml/page.py", "import ml.far\n")
    page = '{% extends "ml/shared/base.j2" %}{% block x %}{% include "ml/shared/part.j2" %}{% endblock %}'
    write(tree, "ml/page.html.j2", page)
    write(tree, "ml/shared/base.j2", '{% import "schemas/macros.j2" as macros %}{% block x %}{% endblock %}')
    write(tree, "ml/shared/part.j2", '{% from "schemas/more.j2" import row %}')
    write(tree, "schemas/macros.j2", "")
    write(tree, "schemas/more.j2", '{% extends "ml/shared/base.j2" %}{% macro row() %}{% endmacro %}')
    write(tree, "ml/shared/unused.j2", "")
    templates = [name for name in source_files(["ml.page"]) if name.endswith(".j2")]
    assert templates == [
        "ml/page.html.j2", "ml/shared/base.j2", "ml/shared/part.j2", "schemas/macros.j2", "schemas/more.j2",
    ]  # fmt: skip
    assert not [name for name in source_files(["ml.far"]) if name.endswith(".j2")]


@pytest.mark.parametrize(
    ("step", "page"),
    [
        ("steps.validate.checks", "ml/checks/page.html.j2"),
        ("steps.evaluate.scores", "ml/evaluation/report.html.j2"),
        ("steps.explore.page", "ml/explore/page.css.j2"),
        ("steps.monitor.drift", "ml/monitoring/report.html.j2"),
    ],
)
def test_a_step_that_renders_a_page_runs_again_when_the_shared_frame_changes(step: str, page: str) -> None:
    assert {page, "ml/reports/base.html.j2", "ml/reports/style.css.j2"} <= set(source_files([step]))


def test_foreign_modules_are_not_files_of_ours(tree: Path) -> None:
    assert source_files(["numpy", "acme.trainers"]) == []


def test_the_training_step_depends_on_what_trains_and_not_on_what_measures() -> None:
    files = source_files(["steps.train.model", "ml.trainers.sklearn.presets"])
    assert {"ml/trainers/sklearn/presets.py", "ml/features/matrix.py", "ml/features/derive.py"} <= set(files)
    assert not {
        "ml/evaluation/metrics.py",
        "ml/evaluation/plots.py",
        "ml/monitoring/drift.py",
        "ml/gate/thresholds.py",
    } & set(files)
