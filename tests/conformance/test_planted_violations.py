"""The conformance suite finds each of many planted violations, names it, and finds nothing else."""

import json
import os
from pathlib import Path

import pytest

from cli.conformance.__main__ import main
from steps import installed
from tests.conformance.planted import NAME, PLANTED, plant
from tests.conformance.running import tried
from tests.tracing import processes_traced

pytestmark = [pytest.mark.own_worker, pytest.mark.slow, pytest.mark.untraced]
Found = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("faulty") / "site")


@pytest.fixture(scope="module")
def found(site: Path) -> Found:
    with processes_traced():
        done = tried(site, site, NAME, "--json")
    assert done.returncode == 1, done.stderr
    violations = json.loads(done.stdout)["violations"]
    return [(one["subject"].removeprefix(f"{NAME}: "), one["check"], one["message"]) for one in violations]


@pytest.mark.parametrize(("subject", "check", "message"), PLANTED)
def test_a_planted_violation_is_found_and_named(subject: str, check: str, message: str, found: Found) -> None:
    of_subject = [one for one in found if one[0] == subject]
    assert any(one[1] == check and message in one[2] for one in of_subject), of_subject or found


def test_nothing_else_is_found(found: Found) -> None:
    planted = [(subject, check) for subject, check, _ in PLANTED]
    assert [one for one in found if (one[0], one[1]) not in planted] == []


def test_a_component_that_breaks_nothing_is_not_named(found: Found) -> None:
    assert not any(subject.startswith("trainer sound") for subject, _, _ in found)


def test_a_name_that_is_not_installed_is_answered_with_what_is(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(os, "environ", dict(os.environ))  # the command sets variables of its process
    installed.clear_cache()
    try:
        assert main(["acme-fault"]) == 2
        assert "Did you mean 'acme-faulty'" in capsys.readouterr().err
    finally:
        installed.clear_cache()
