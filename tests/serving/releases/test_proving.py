"""A package is tried in a process of its own: what that process says, and what is made of it."""

import sys
from pathlib import Path

import pytest

from schemas.deploy_spec import DeploySpec
from schemas.errors import PackageError
from serving.releases import proving, trial
from serving.releases.proving import Trial
from tests.serving import packages

NEEDS = '{"runtime": "rules", "libraries": []}'


def tried(lines: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, end: str = "") -> Path:
    """Try a package with a process that says these lines, and then does what `end` says."""
    program = folder / "program.py"
    program.write_text("".join(f"print({line!r})\n" for line in lines) + end, encoding="utf-8")
    (folder / "python").write_text(f"#!/bin/sh\nexec {sys.executable} {program}\n", encoding="utf-8")
    (folder / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    return Trial("1", "unused").run(folder / "cache", DeploySpec(load_seconds=20.0))


def test_the_last_line_counts_and_what_libraries_print_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(proving, "prepare", lambda runtime, libraries: prepared.append((runtime, libraries)))
    lines = ["loading", NEEDS, "{broken", '{"root": "/x"}', "bye", "[1]"]
    assert tried(lines, tmp_path, monkeypatch) == Path("/x")
    assert prepared == [("rules", [])]


@pytest.mark.parametrize(
    ("lines", "end", "why"),
    [
        ([NEEDS], "raise SystemExit(4)", "broke: exit code 4"),
        ([NEEDS], "raise ValueError('no')", "broke: ValueError: no"),
        (['{"error": "it is no package"}'], "", "^it is no package$"),
        (['{"root": "/x"}'], "import os; os.kill(os.getpid(), 11)", "ended by SIGSEGV"),
        ([], "print('x' * 3_000_000)", "broke: exit code 0"),
    ],
)
def test_other_ends_are_told(
    lines: list[str], end: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PackageError, match=why):
        tried(lines, tmp_path, monkeypatch, end)


def test_what_goes_wrong_in_preparing_is_left_to_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ImportError("keras")

    monkeypatch.setattr(proving, "prepare", broken)
    assert tried([NEEDS, '{"root": "/x"}'], tmp_path, monkeypatch) == Path("/x")


def test_a_trial_says_what_its_package_needs(tmp_path: Path) -> None:
    said: list[dict[str, object]] = []
    root = packages.write_onnx(tmp_path / "package")
    request: dict[str, str | int] = {"cache": str(tmp_path / "cache"), "max_package": 10_000_000}
    found = trial.main(request | {"package_url": str(root), "version": "1"}, said.append)
    assert found.keys() == {"root"} and said[0]["runtime"] == "onnx" and isinstance(said[0]["libraries"], list)
