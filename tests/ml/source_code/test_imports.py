"""Which files a module reaches, and what changes their digest."""

from pathlib import Path

import pytest

from ml.source_code.imports import Sources
from schemas.home import ROOT

pytestmark = pytest.mark.untraced


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(tmp_path, "ml/__init__.py", "")
    write(tmp_path, "ml/near.py", "from ml import far\nimport numpy\n")
    write(tmp_path, "ml/far.py", "def f():\n    from schemas.deep import thing\n")
    write(tmp_path, "schemas/deep.py", "import ml.near\n")
    write(tmp_path, "ml/other.py", "")
    return tmp_path


def names(root: Path, *modules: str) -> list[str]:
    return [path.as_posix() for path in Sources(root).files(modules)]


def test_imports_are_followed_to_the_end_also_inside_functions_and_in_circles(tree: Path) -> None:
    assert names(tree, "ml.near") == ["ml/__init__.py", "ml/far.py", "ml/near.py", "schemas/deep.py"]


def test_a_module_that_nothing_reaches_does_not_count(tree: Path) -> None:
    assert "ml/other.py" not in names(tree, "ml.near")


def test_the_packages_above_a_module_count_since_python_runs_them(tree: Path) -> None:
    write(tree, "ml/room/__init__.py", "")
    write(tree, "ml/room/inner/__init__.py", "import ml.other\n")
    write(tree, "ml/room/inner/module.py", "")
    inner = ["ml/room/__init__.py", "ml/room/inner/__init__.py", "ml/room/inner/module.py"]
    assert names(tree, "ml.room.inner.module") == ["ml/__init__.py", "ml/other.py", *inner]


def test_foreign_modules_are_not_files_of_ours(tree: Path) -> None:
    assert names(tree, "numpy", "acme.trainers") == []


@pytest.mark.parametrize("table", ["ml/table.py", "serving/table.py"])
def test_a_table_of_places_in_ml_and_serving_imports_what_it_names(tree: Path, table: str) -> None:
    write(tree, table, 'TABLE = {"near": "ml.near:f", "none": "ml.nothing:f", "foreign": "numpy.linalg:norm"}\n')
    module = table.removesuffix(".py").replace("/", ".")
    assert {"ml/near.py", "schemas/deep.py"} <= set(names(tree, module))


@pytest.mark.parametrize("table", ["steps/table.py", "schemas/table.py", "stacks/table.py"])
def test_a_table_of_places_elsewhere_imports_nothing(tree: Path, table: str) -> None:
    write(tree, table, 'TABLE = {"near": "ml.near:f"}\n')
    assert names(tree, table.removesuffix(".py").replace("/", ".")) == [table]


@pytest.mark.parametrize("text", ['"""ml.near:f"""', 'x = "see ml.near:f"', 'x = "ml.near"', 'x = "ml:near"'])
def test_a_text_that_is_no_place_imports_nothing(tree: Path, text: str) -> None:
    write(tree, "ml/table.py", f"{text}\n")
    assert names(tree, "ml.table") == ["ml/__init__.py", "ml/table.py"]


def test_a_template_counts_with_all_that_it_extends_includes_and_imports(tree: Path) -> None:
    write(tree, "ml/page.py", "import ml.far\n")
    page = '{% extends "ml/shared/base.j2" %}{% block x %}{% include "ml/shared/part.j2" %}{% endblock %}'
    write(tree, "ml/page.html.j2", page)
    write(tree, "ml/shared/base.j2", '{% import "schemas/macros.j2" as macros %}{% block x %}{% endblock %}')
    write(tree, "ml/shared/part.j2", '{% from "schemas/more.j2" import row %}')
    write(tree, "schemas/macros.j2", "")
    write(tree, "schemas/more.j2", '{% extends "ml/shared/base.j2" %}{% macro row() %}{% endmacro %}')
    write(tree, "ml/shared/unused.j2", "")
    assert [name for name in names(tree, "ml.page") if name.endswith(".j2")] == [
        "ml/page.html.j2", "ml/shared/base.j2", "ml/shared/part.j2", "schemas/macros.j2", "schemas/more.j2",
    ]  # fmt: skip
    assert not [name for name in names(tree, "ml.far") if name.endswith(".j2")]


def digest(root: Path, *modules: str) -> str:
    sources = Sources(root)
    return sources.digest(sources.files(modules))


def test_the_digest_changes_with_code_templates_and_names_and_not_with_comments(tree: Path) -> None:
    write(tree, "ml/near.html.j2", "page")
    seen = {digest(tree, "ml.near")}
    write(
        tree,
        "ml/far.py",
        '"""New."""\n\n\ndef f():\n    """Also new."""  # and this\n    from schemas.deep import thing\n',
    )
    assert {digest(tree, "ml.near")} == seen

    write(tree, "ml/far.py", "def g():\n    from schemas.deep import thing\n")
    seen.add(digest(tree, "ml.near"))
    write(tree, "ml/near.html.j2", "page {# a comment of a template #}")
    seen.add(digest(tree, "ml.near"))
    (tree / "ml" / "far.py").rename(tree / "ml" / "away.py")
    write(tree, "ml/near.py", "from ml import away\nimport numpy\n")
    seen.add(digest(tree, "ml.near"))
    assert len(seen) == 4


def test_two_files_whose_code_changes_places_are_another_program(tree: Path) -> None:
    write(tree, "ml/one.py", "import ml.two\nx = 1\n")
    write(tree, "ml/two.py", "import ml.one\n")
    before = digest(tree, "ml.one")
    write(tree, "ml/one.py", "import ml.one\n")
    write(tree, "ml/two.py", "import ml.two\nx = 1\n")
    assert digest(tree, "ml.one", "ml.two") != before


def test_an_object_sees_a_file_as_it_was_and_a_new_one_as_it_is(tree: Path) -> None:
    sources = Sources(tree, tree / "cache.json")
    before = sources.digest(sources.files(["ml.near"]))
    write(tree, "ml/far.py", "import ml.other\n")
    assert sources.digest(sources.files(["ml.near"])) == before
    assert Path("ml/other.py") in Sources(tree, tree / "cache.json").files(["ml.near"])


def test_what_was_kept_gives_the_same_files_and_digest_as_what_is_parsed(tmp_path: Path) -> None:
    modules = ["steps.train.model", "serving.service"]
    kept = [Sources(ROOT, tmp_path / "cache.json") for _ in range(2)]
    parsed = Sources(ROOT)
    files = parsed.files(modules)
    assert [sources.files(modules) for sources in kept] == [files, files]
    assert {sources.digest(files) for sources in kept} == {parsed.digest(files)}
