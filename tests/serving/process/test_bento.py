"""A Bento as somebody finds it who knows BentoML: what it says of itself, what it needs, how it moves."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.package import storage
from schemas.home import ROOT
from serving.http.app import ENDPOINTS
from serving.process import bento, bento_readme, bento_store, code_closure, contents, requirements, variables
from serving.process.bento import Packaged
from tests.serving import packages

pytestmark = pytest.mark.untraced

NAME = "villa"
COMPILERS = ("build-essential", "git", "gcc", "apt-get", "gnupg2")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def packaged(home: Path) -> Packaged:
    return Packaged("7", packages.write_onnx(home / "packages" / "7"))


@pytest.fixture(scope="module")
def tag(home: Path, packaged: Packaged) -> str:
    return bento.build(home, NAME, code_closure.code_hash(home), packaged)


@pytest.fixture(scope="module")
def folder(tag: str) -> Path:
    return bento_store.folder(tag)


@pytest.fixture(scope="module")
def info(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((folder / "bento.yaml").read_text(), yaml.CSafeLoader)
    return found


def test_one_that_is_there_is_not_built_again(home: Path, packaged: Packaged, tag: str, folder: Path) -> None:
    before = (folder / "bento.yaml").stat().st_mtime_ns
    assert bento.build(home, NAME, code_closure.code_hash(home), packaged) == tag
    assert (folder / "bento.yaml").stat().st_mtime_ns == before


def test_the_same_package_as_another_version_is_another_bento(packaged: Packaged) -> None:
    assert packaged.digest != Packaged("8", packaged.folder).digest


def test_its_labels_say_what_is_inside(info: dict[str, Any], tag: str) -> None:
    code = tag.partition(":")[2].partition("-")[0]
    assert info["labels"] == {"model": NAME, "version": "7", "runtime": "onnx", "code": code}


def test_its_readme_is_the_model_card_and_how_it_is_served(folder: Path, packaged: Packaged, tag: str) -> None:
    readme = (folder / "README.md").read_text()
    assert readme.startswith((packaged.folder / storage.CARD).read_text().rstrip())
    assert (
        f"bentoml serve {tag}" in readme and "as version 7" in readme and "| villa.db, where it was started |" in readme
    )
    assert all(f"| `{one.name}` |" in readme for one in variables.known())
    assert "slack" not in readme.lower(), "BentoML's own would ask people into its chat"


def test_its_requirements_are_those_of_its_runtime_with_their_hashes(folder: Path, info: dict[str, Any]) -> None:
    needs = requirements.of_runtime("onnx")
    assert (folder / "env" / "python" / "requirements.txt").read_text() == needs == info["image"]["python_requirements"]
    assert needs is not None and not {"scikit-learn==", "keras==", "zenml=="} & {line[:13] for line in needs.split()}
    assert not (folder / "src" / "requirements.lock").exists() and not (folder / "src" / "requirements.txt").exists()


def test_it_holds_the_code_the_package_and_what_they_are(folder: Path, packaged: Packaged) -> None:
    inside = contents.Contents.model_validate_json((folder / "src" / contents.FILE).read_bytes())
    assert (inside.model, inside.version) == (NAME, "7")
    assert storage.verify(folder / "src" / str(inside.package)) == storage.verify(packaged.folder)
    made = {"bentofile.yaml", contents.FILE, *(path.as_posix() for path in code_closure.files())}
    found = {
        path.relative_to(folder / "src").as_posix()
        for path in (folder / "src").rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and contents.PACKAGES not in path.relative_to(folder / "src").parts[0]
    }
    assert found == made


def test_its_schema_shows_every_route(folder: Path, info: dict[str, Any]) -> None:
    schema = json.loads((folder / "apis" / "schema.json").read_text())
    assert schema == info["schema"]
    assert [(one["route"], one["method"]) for one in schema["routes"]] == [
        (one.path, one.method.upper()) for one in ENDPOINTS
    ]
    assert set(schema["paths"]) == {one.path for one in ENDPOINTS}
    assert "instances" in schema["routes"][0]["input"]["properties"]


def test_its_openapi_document_is_ours_with_the_columns_of_its_package(folder: Path) -> None:
    document = yaml.load((folder / "apis" / "openapi.yaml").read_text(), yaml.CSafeLoader)
    assert (document["info"]["title"], document["info"]["version"]) == (NAME, "7")
    assert set(document["paths"]) == {one.path for one in ENDPOINTS}
    row = document["components"]["schemas"]["Row"]
    assert set(row["properties"]) == {*packages.ROW, "listing id"}
    example = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert set(example["instances"][0]) == set(packages.ROW)


def test_its_image_has_no_compilers_and_what_its_package_needs(tag: str, tmp_path: Path) -> None:
    import bentoml.container

    bentoml.container.get_containerfile(tag, output_path=str(tmp_path / "Dockerfile"))
    text = (tmp_path / "Dockerfile").read_text()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"FROM python:{version}-slim AS" in text and "requirements.txt" in text
    assert [word for word in COMPILERS if word in text] == []
    assert "ENTRYPOINT" in text


def test_it_goes_into_another_store_and_is_the_same_there(tag: str, folder: Path, tmp_path: Path) -> None:
    import bentoml

    exported = bentoml.export_bento(tag, str(tmp_path / "house.bento"))
    program = "import sys, bentoml; found = bentoml.import_bento(sys.argv[1]); print(found.tag, found.path)"
    done = subprocess.run(
        [sys.executable, "-c", program, exported],
        env={"BENTOML_HOME": str(tmp_path / "other"), "BENTOML_DO_NOT_TRACK": "True", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    there, path = done.stdout.split()
    names = {one.relative_to(folder) for one in folder.rglob("*") if one.is_file()}
    assert there == tag and {one.relative_to(path) for one in Path(path).rglob("*") if one.is_file()} == names


def test_one_without_a_package_says_so(home: Path) -> None:
    tag = bento.build(home, "empty", code_closure.code_hash(home), None)
    folder = bento_store.folder(tag)
    assert "It was built where no package was at hand" not in (folder / "README.md").read_text()
    assert "holds the service's code alone" in (folder / "README.md").read_text()
    assert not (folder / "src" / contents.PACKAGES).exists()
    shutil.rmtree(folder)


def test_the_page_on_the_service_names_every_variable() -> None:
    page = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
    assert bento_readme.table() in page, (
        "copy what this prints: python -c 'from serving.process.bento_readme import table; print(table())'"
    )
