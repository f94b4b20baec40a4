"""What importing a module brings is found whatever the module does: it prints, ends its process, or never ends."""

from pathlib import Path

import pytest

from drivetrain.testing import imported_by, unasked_imports

_MODULES = {
    "loud": 'print("[acme] loaded", flush=True)\nimport colorsys\n',
    "torn": 'import sys\nsys.stdout.write("[acme]")\nsys.stderr.write("[1]")\nimport colorsys\n',
    "closing": "import os\nos.close(1)\nos.close(2)\nimport colorsys\n",
    "refusing": 'raise RuntimeError("no licence")\n',
    "leaving": "raise SystemExit(3)\n",
    "ending": "import os\nos._exit(0)\n",
    "dying": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "hanging": "import time\ntime.sleep(600)\n",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str] | str]:
    """Give what is said of each module."""
    site = tmp_path_factory.mktemp("site")
    (site / "acme_odd").mkdir()
    for name, text in _MODULES.items():
        (site / "acme_odd" / f"{name}.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        said = imported_by([f"acme_odd.{name}" for name in _MODULES], seconds=2)
    return {name: said[f"acme_odd.{name}"] for name in _MODULES}


@pytest.mark.parametrize("name", ["loud", "torn", "closing"])
def test_what_a_module_prints_is_no_answer(name: str, found: dict[str, list[str] | str]) -> None:
    assert {"colorsys", f"acme_odd.{name}"} <= set(found[name])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("refusing", "RuntimeError: no licence"),
        ("leaving", "SystemExit: 3"),
        ("ending", "it ends the process that imports it, exit code 0"),
        ("dying", "it ends the process that imports it, signal 9"),
        ("hanging", "it is not imported within 2 s"),
    ],
)
def test_a_module_that_does_not_import_says_why(name: str, why: str, found: dict[str, list[str] | str]) -> None:
    assert found[name] == why
    (message,) = unasked_imports(f"acme_odd.{name}", found[name], {})
    assert message == f"acme_odd.{name} does not import: {why}"


def test_nothing_is_started_for_no_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
    assert imported_by([]) == {}
