"""`serving.lock`: of `requirements.lock` what a service needs, and nothing of what trains, runs steps or tests."""

import pytest

from cli.serving_lock import closure, imported, lock_file
from ml.runtimes.load import LOADERS
from schemas.home import ROOT
from serving.process import requirements

NOT_SERVED = {
    *("zenml", "ray", "pytest", "hydra-core", "pandas", "matplotlib", "pyarrow", "skl2onnx", "uv"),
    *("whylogs", "datasketches"),
}
OF_RUNTIMES = {
    "onnx": {"onnxruntime", "onnx"},
    "keras": {"keras", "jax", "jaxlib", "h5py"},
    "skops": {"skops", "scikit-learn"},
}


def needed(runtime: str) -> dict[str, list[str]]:
    found = requirements.of_runtime(runtime)
    assert found is not None
    return lock_file.entries(found)


@pytest.fixture(scope="module")
def whole() -> dict[str, list[str]]:
    return lock_file.entries(lock_file.WHOLE.read_text(encoding="utf-8"))


@pytest.mark.untraced
def test_the_file_is_what_the_source_imports_now() -> None:
    assert (ROOT / requirements.FILE).read_text(encoding="utf-8") == lock_file.text(), "run: make docs"


@pytest.mark.parametrize("runtime", LOADERS)
def test_versions_and_hashes_are_those_of_the_whole_lock(runtime: str, whole: dict[str, list[str]]) -> None:
    found = needed(runtime)
    assert len(found) > 60 and all(whole[name] == entries for name, entries in found.items())
    assert all("--hash=sha256:" in entry for entries in found.values() for entry in entries)


@pytest.mark.parametrize("runtime", LOADERS)
def test_a_runtime_has_its_own_libraries_and_no_others(runtime: str) -> None:
    names = set(needed(runtime))
    others = set().union(*(libraries for name, libraries in OF_RUNTIMES.items() if name != runtime))
    own = OF_RUNTIMES.get(runtime, set())
    assert {"bentoml", "numpy", "sqlalchemy", "psycopg-binary", "s3fs", "uvloop", "httptools"} | own <= names
    assert not names & (NOT_SERVED | (others - own))


def test_no_address_of_a_registry_is_in_it() -> None:
    assert "://" not in (ROOT / requirements.FILE).read_text(encoding="utf-8")


def test_what_a_type_checker_reads_is_not_needed() -> None:
    assert "pandas" not in imported.requirements("onnx"), "ml/values/tensor.py names it for the type checker"


def test_what_is_asked_for_is_followed_with_its_extras_and_for_every_machine() -> None:
    assert {"psycopg", "psycopg-binary"} <= closure.closure(["psycopg[binary]"])
    assert "psycopg-binary" not in closure.closure(["psycopg"])
    assert closure.closure(["none-such-here"]) == {"none-such-here"}


def test_an_entry_keeps_its_hashes_and_loses_its_comments() -> None:
    lock = "# about\na-b==1 ; x \\\n    --hash=sha256:1\n    # via c\nA_b==2 \\\n    --hash=sha256:2\nc[d]==3\n"
    assert lock_file.entries(lock) == {
        "a-b": ["a-b==1 ; x \\\n    --hash=sha256:1", "A_b==2 \\\n    --hash=sha256:2"],
        "c": ["c[d]==3"],
    }
