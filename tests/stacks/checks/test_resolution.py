"""Whether what a stack of a cloud needs can be installed beside us is known, declared and not out of date."""

import json
from importlib import metadata

import pytest
from packaging.specifiers import SpecifierSet

from schemas.home import ROOT
from tests.soak import SOAKING
from tests.stacks.checks.filled import DECLARED, shipped
from tests.stacks.checks.resolution import FILE, made_of, resolved

RECORD = json.loads(FILE.read_text(encoding="utf-8"))
APART = {"sagemaker", "skypilot_aws", "skypilot_gcp", "skypilot_lambda", "vertex"}

ASKED = {  # what keeps a stack from the locked environment: a package, and what the stack's client asks of it
    "sagemaker": ("platformdirs", ">=4.0.0"),
    "skypilot_aws": ("click", ">=7.0,<8.2.0"),
    "skypilot_gcp": ("click", ">=7.0,<8.2.0"),
    "skypilot_lambda": ("click", ">=7.0,<8.2.0"),
    "vertex": ("urllib3", "<2.6.0"),
}


def test_the_record_is_of_this_lock_and_of_this_zenml() -> None:
    """After an update: python -m tests.stacks.checks.resolution."""
    assert RECORD["made_of"] == made_of()


@pytest.mark.parametrize("name", DECLARED)
def test_a_stack_says_truly_whether_it_needs_an_environment_of_its_own(name: str) -> None:
    requires = shipped(name).requires
    assert RECORD["resolves"][name] == {"with_the_lock": name not in APART, "apart": True}
    assert (requires.apart is not None) == (name in APART)
    assert requires.install is not None
    assert ("uv venv" in requires.install) == (name in APART)
    assert ("-c requirements.lock" in requires.install) == (name not in APART)


@pytest.mark.parametrize("name", ASKED)
def test_the_reason_that_is_given_still_holds(name: str) -> None:
    package, asked = ASKED[name]
    assert package in str(shipped(name).requires.apart)
    assert metadata.version(package) not in SpecifierSet(asked)


@pytest.mark.parametrize("name", DECLARED)
def test_the_list_to_install_from_is_what_the_stack_is_checked_for(name: str) -> None:
    lines = (ROOT / "environments" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == made_of()["packages"][name]


@pytest.mark.slow
@pytest.mark.skipif(not SOAKING, reason="asks the package index: make soak; the record above is compared always")
@pytest.mark.parametrize("name", DECLARED)
def test_uv_finds_what_the_record_says(name: str) -> None:
    assert resolved(name) == RECORD["resolves"][name]
