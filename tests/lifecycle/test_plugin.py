"""The example package outside the repository, as a platform team ships it: installed and uninstalled by pip."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from schemas.home import ROOT

pytestmark = [pytest.mark.own_worker, pytest.mark.conformance, pytest.mark.untraced]
EXAMPLE = ROOT / "examples" / "acme_platform"
ORIGIN = "acme-platform 1.0.0"
TRAIN = ("+experiment=kettles", "stack=acme", "pipeline=training")
LISTED = [
    ("components", "data", "json_lines"),
    ("components", "trainer", "nearest_centroid"),
    ("components", "gate", "generalizes"),
    ("flavors", "alerter", "acme_file"),
    ("options", "experiment", "kettles"),
    ("options", "stack", "acme"),
    ("options", "trainer", "nearest_centroid"),
    ("options", "data", "json_lines"),
]
POST = """
from stacks.session import zenml_session
with zenml_session(lambda record: None) as client:
    client.activate_stack("drivetrain-acme")
    assert client.active_stack.alerter.post("the drift is large")
"""


@dataclass(frozen=True)
class Place:
    """An environment of its own, which sees the libraries that this one has, and an empty folder to work in."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "venv" / "bin" / "python"

    def pip(self, *words: str) -> None:
        """Run pip on it."""
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(self.python)]
        done = subprocess.run([*command, *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def call(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run its interpreter in a home of its own."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHONPATH")},
            "HOME": str(self.folder),
            "ZENML_CONFIG_PATH": str(self.folder / "zenml"),
            "ZENML_LOCAL_STORES_PATH": str(self.folder / "stores"),
            "DRIVETRAIN_HOME": str(self.folder / "home"),
        }
        return subprocess.run(
            [str(self.python), *words],
            cwd=cwd or self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `python run.py WORDS`."""
        return self.call(str(ROOT / "run.py"), *words)

    def catalog(self) -> dict[str, Any]:
        """Return what `action=components format=json` writes."""
        shown = self.run("action=components", "format=json")
        assert shown.returncode == 0, shown.stderr
        found: dict[str, Any] = json.loads(shown.stdout)
        return found


def make_place(folder: Path) -> Place:
    """Make an environment that sees ours, and this repository, but holds nothing itself."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "parent.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    return Place(folder)


def build(source: Path, folder: Path) -> Path:
    """Return the wheel of a copy of a package."""
    copy = folder / "source"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-build-isolation", "--no-deps", "--wheel-dir", str(folder), str(copy)]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(EXAMPLE, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    found = make_place(tmp_path_factory.mktemp("place"))
    found.pip("install", "--no-index", "--no-deps", str(wheel))
    return found


@pytest.fixture(scope="module")
def catalog(place: Place) -> dict[str, Any]:
    return place.catalog()


def listed(catalog: dict[str, Any], origin: str = ORIGIN) -> list[tuple[str, str, str]]:
    """Return what of a catalog is of an origin: section, kind or group, name."""
    sections = ("components", "flavors", "options")
    return [
        (section, one.get("kind") or one["group"], one["name"])
        for section in sections
        for one in catalog[section]
        if one["origin"] == origin
    ]


def test_the_example_imports_drivetrain_and_libraries_and_its_flavor_zenml() -> None:
    libraries = {"drivetrain", "pydantic"}
    standard = set(sys.stdlib_module_names)
    for module in (EXAMPLE / "acme_platform").rglob("*.py"):
        found = set(re.findall(r"^\s*(?:import|from) (\w+)", module.read_text(), re.MULTILINE)) - standard
        own = {"zenml", "filelock"} if module.stem == "file_alerter" else {"numpy", "onnx", "pandas"}
        assert found <= libraries | own, module


def test_the_example_declares_the_libraries_that_it_imports_and_leaves_their_versions_to_us() -> None:
    files = (EXAMPLE / "acme_platform").rglob("*.py")
    found = {
        name for file in files for name in re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(), re.MULTILINE)
    }
    libraries = found - set(sys.stdlib_module_names) - {"drivetrain", "acme_platform"}
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(project["dependencies"]) == libraries
    assert libraries <= {Requirement(text).name for text in ours["dependencies"]}


@pytest.mark.parametrize("part", LISTED)
def test_each_part_of_an_installed_package_is_listed_with_its_origin(
    part: tuple[str, str, str], catalog: dict[str, Any]
) -> None:
    assert part in listed(catalog)


def test_the_list_has_nothing_else_of_it_and_nothing_broken(catalog: dict[str, Any]) -> None:
    assert sorted(listed(catalog)) == sorted(LISTED) and catalog["broken"] == []


def test_the_list_has_parameters_types_defaults_and_descriptions(catalog: dict[str, Any]) -> None:
    (trainer,) = [one for one in catalog["components"] if one["name"] == "nearest_centroid"]
    assert trainer["description"].startswith("Predicts the class whose mean is nearest")
    assert trainer["parameters"] == [
        {
            "name": "temperature", "type": "number", "required": False, "default": 1.0,
            "description": "above 1: probabilities nearer to each other",
        }
    ]  # fmt: skip
    (alerter,) = [one for one in catalog["flavors"] if one["name"] == "acme_file"]
    assert [(one["name"], one["required"]) for one in alerter["parameters"]] == [("path", True), ("wait", False)]
    (stack,) = [one for one in catalog["options"] if (one["group"], one["name"]) == ("stack", "acme")]
    assert stack["flavors"]["alerter"] == "acme_file" and "alerts as lines of a file" in stack["description"]


@pytest.fixture(scope="module")
def trained(place: Place) -> Iterator[Any]:
    """Give the summary of the package's experiment on its stack."""
    done = place.run(*TRAIN, f"hydra.run.dir={place.folder / 'out'}")
    assert done.returncode == 0, done.stderr
    yield json.loads((place.folder / "out" / "summary.json").read_text())


def test_its_experiment_runs_on_its_stack_with_its_source_trainer_and_gate_check(trained: Any) -> None:
    assert (trained["experiment"], trained["stack"], trained["status"]) == ("kettles", "acme", "succeeded")
    (own,) = [check for check in trained["gate"]["checks"] if check["name"] == "generalizes"]
    assert own["passed"] and "between the sets, within the 0.2 allowed" in own["why"]
    assert trained["metrics"]["test"]["accuracy"] > 0.8


def test_its_alerter_is_the_stacks_in_zenml_and_writes(place: Place, trained: Any) -> None:
    done = place.call("-c", POST)
    assert done.returncode == 0, done.stderr
    entry = json.loads((place.folder / ".acme" / "alerts.jsonl").read_text())
    assert entry["text"] == "the drift is large"


def test_where_its_files_are_found_is_shown(place: Place) -> None:
    shown = place.run("--info", "searchpath", "+experiment=kettles")
    assert re.search(r"acme-platform 1\.0\.0 +.*site-packages/acme_platform/conf", shown.stdout)


def test_its_own_tests_pass_the_conformance_suite_among_them(place: Place, wheel: Path) -> None:
    tests = wheel.parent / "source"
    done = place.call("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=tests)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout and "skipped" not in done.stdout


def test_a_copy_under_another_name_stands_beside_it(wheel: Path, tmp_path: Path) -> None:
    """`cp -r`, then every `acme` replaced in names and text; both in one place, the parts need other names too."""
    copy = tmp_path / "copy" / "globex_platform"
    for path in sorted(EXAMPLE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            target = copy / re.sub("acme", "globex", str(path.relative_to(EXAMPLE)))
            target.parent.mkdir(parents=True, exist_ok=True)
            text = re.sub("Acme", "Globex", re.sub("acme", "globex", path.read_text(encoding="utf-8")))
            target.write_text(
                text.replace("json_lines", "lines").replace("nearest_centroid", "nearest"), encoding="utf-8"
            )
    for old, new in (("json_lines", "lines"), ("nearest_centroid", "nearest"), ("kettles", "pots")):
        for path in sorted(copy.rglob(f"{old}*")):
            path.rename(path.with_name(path.name.replace(old, new)))
    experiment = copy / "globex_platform" / "conf" / "experiment" / "pots.yaml"
    experiment.write_text(experiment.read_text().replace("kettles", "pots"))
    project = copy / "pyproject.toml"
    project.write_text(project.read_text().replace("generalizes =", "generalises =").replace('generalizes"', 'moves"'))
    experiment.write_text(experiment.read_text().replace("generalizes:", "moves:"))
    (tmp_path / "built").mkdir()
    both = make_place(tmp_path)
    both.pip("install", "--no-index", "--no-deps", str(wheel), str(build(copy, tmp_path / "built")))
    found = both.catalog()
    assert found["broken"] == [] and len(listed(found)) == len(listed(found, "globex-platform 1.0.0")) == len(LISTED)
    shown = both.run("+experiment=pots", "stack=globex", "action=plan")
    assert shown.returncode == 0 and "globex_file" in shown.stdout, shown.stderr


def test_uninstalled_it_is_gone(wheel: Path, tmp_path: Path) -> None:
    home = make_place(tmp_path)
    home.pip("install", "--no-index", "--no-deps", str(wheel))
    assert home.run(*TRAIN, "--cfg", "job").returncode == 0
    home.pip("uninstall", "--yes", "acme-platform")
    assert "acme" not in home.run("action=components").stdout
    done = home.run(*TRAIN)
    assert done.returncode == 2 and "'kettles' is not an option" in done.stderr and "'acme' is not" in done.stderr
    assert not (home.folder / "home").exists()


def test_a_package_made_for_a_newer_contract_is_refused_with_what_would_be_right(wheel: Path, tmp_path: Path) -> None:
    home = make_place(tmp_path)
    home.pip("install", "--no-index", "--no-deps", str(wheel))
    (points,) = (home.folder / "venv").rglob("acme_platform-1.0.0.dist-info/entry_points.txt")
    points.write_text(points.read_text().replace("1.0 = acme_platform", "1.7 = acme_platform"))
    made_for = "was made for version 1.7 of the contract, and this program has 1.1"
    for words, what in (
        (("+experiment=kettles",), f"experiment: 'kettles' is of {ORIGIN}, which"),
        (("+experiment=breast_cancer", "stack=acme"), f"stack: 'acme' is of {ORIGIN}, which"),
        (("+experiment=breast_cancer", "trainer.name=nearest_centroid"), f"plug-in 'nearest_centroid' of {ORIGIN}"),
    ):
        done = home.run(*words)
        assert done.returncode == 2 and f"{what} {made_for}" in done.stderr
        assert "install a newer Drivetrain, or an earlier release of the package" in done.stderr
    assert not (home.folder / "home").exists()
    assert home.run("+experiment=breast_cancer", "--cfg", "job").returncode == 0
    found = home.catalog()
    assert listed(found) == [] and sum(made_for in one["message"] for one in found["broken"]) == 5
