"""What a package brings is told from what is another's: its examples, its components, its modules."""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from cli.conformance.components import check_examples
from cli.conformance.examples import example_of
from cli.conformance.refused import refused
from cli.conformance.source_code import check_code
from ml.sources.csv import CsvSource
from ml.trainers.sklearn.presets import Ridge
from steps import installed, registry

Install = Callable[..., Path]
SOURCE = """from drivetrain import Source, Strict

class Params(Strict):
    rows: int = 3

class Lake(Source):
    Params = Params
    label = "lake"
    def read(self): ...

def example(folder, rows):
    return {"whose": __name__}
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Give a function that installs a package with a module `PACKAGE.sources`, or what `files` say."""
    packages: list[str] = []

    def write(package: str, files: dict[str, str], **entries: dict[str, str]) -> Path:
        info = tmp_path / package / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        groups = {"contract": {"1.0": package}, **entries}
        lines = [
            f"[drivetrain.{group}]\n" + "\n".join(f"{name} = {value}" for name, value in points.items())
            for group, points in groups.items()
        ]
        (info / "entry_points.txt").write_text("\n".join(lines))
        for name, text in files.items():
            file = info.parent / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        monkeypatch.syspath_prepend(str(info.parent))
        packages.append(package)
        installed.clear_cache()
        return info.parent

    yield write
    installed.clear_cache()
    for name in [name for name in sys.modules if name.split(".")[0].removeprefix("x") in packages]:
        del sys.modules[name]


def test_a_strangers_example_does_not_replace_what_our_component_is_tried_with(
    install: Install, tmp_path: Path
) -> None:
    ours = example_of("load", "csv", CsvSource.Params)
    stray = {"load.csv": "acme.sources:example", "train.ridge": "acme.sources:example"}
    install("acme", {"acme/__init__.py": "", "acme/sources.py": SOURCE}, examples=stray)
    assert example_of("load", "csv", CsvSource.Params) is ours
    alone = example_of("train", "ridge", Ridge.Params)
    assert alone is not None and alone(tmp_path, None) == {}  # type: ignore[arg-type]  # not looked at
    assert [(one.subject, one.check) for one in check_examples("acme")] == [
        ("example load.csv", "registered"),
        ("example train.ridge", "registered"),
    ]


def test_a_component_is_tried_with_what_its_own_package_says(install: Install, tmp_path: Path) -> None:
    lake = {"load.lake": "acme.sources:Lake"}
    files = {"acme/__init__.py": "", "acme/sources.py": SOURCE}
    install("acme", files, components=lake, examples={"load.lake": "acme.sources:example"})
    other = {"globex/__init__.py": "", "globex/sources.py": SOURCE}
    install("globex", other, examples={"load.lake": "globex.sources:example"})  # which is found first
    found = example_of("load", "lake", registry.lookup("load", "lake").Params)
    assert found is not None and found(tmp_path, None) == {"whose": "acme.sources"}  # type: ignore[arg-type]


@pytest.mark.parametrize("file", ["acme/sources.py", "acme/sources/__init__.py"])
def test_no_component_imports_zenml_wherever_its_module_stands(file: str, install: Install) -> None:
    files = {"acme/__init__.py": "", file: f"import zenml\n{SOURCE}"}
    install("acme", files, components={"load.lake": "acme.sources:Lake"})
    (found,) = check_code("acme")
    assert "imports zenml: only a flavor's module may" in found.message


def test_a_module_that_ends_with_a_components_path_is_no_component(install: Install) -> None:
    files = {
        "acme/__init__.py": "", "acme/sources.py": SOURCE, "acme/xacme/__init__.py": "",
        "acme/xacme/sources.py": "import zenml\n", "xacme/sources.py": "import zenml\n", "xacme/__init__.py": "",
    }  # fmt: skip
    named = {"acme_pager": "xacme.sources:Pager"}
    install("acme", files, components={"load.lake": "acme.sources:Lake"}, flavors=named)
    assert check_code("acme") == []


def test_what_is_refused_is_found_and_not_imported(install: Install) -> None:
    place = install("acme", {"acme/__init__.py": "", "acme/ending.py": "raise SystemExit(3)\n"})
    from importlib.util import find_spec

    with refused({"acme.ending": "it ends the process"}):
        spec = find_spec("acme.ending")
        assert spec is not None and spec.origin == str(place / "acme" / "ending.py")
        with pytest.raises(ImportError, match="it ends the process"):
            __import__("acme.ending")
    with pytest.raises(SystemExit):
        __import__("acme.ending")


class Editable(MetaPathFinder):
    """Finds one module that is on no path, as an installation to be edited does, and keeps what it gave."""

    def __init__(self, name: str, file: Path) -> None:
        self.name, self.spec = name, spec_from_file_location(name, file)

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return self.spec if name == self.name else None


def test_what_only_an_import_hook_finds_is_refused_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.util import find_spec

    file = tmp_path / "acme_ending.py"
    file.write_text("raise SystemExit(3)\n")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable("acme_ending", file)])
    with refused({"acme_ending": "it ends the process"}), refused({"acme_ending": "also here", "acme_absent": "gone"}):
        spec = find_spec("acme_ending")
        assert spec is not None and spec.origin == str(file)
        with pytest.raises(ImportError, match="also here"):
            __import__("acme_ending")
        assert find_spec("acme_absent") is None
    with pytest.raises(SystemExit):
        __import__("acme_ending")
