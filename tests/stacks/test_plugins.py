"""Flavors that installed packages bring: found by name, broken ones named, names that are taken left alone."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.stack import StackSpec
from stacks import plugins
from steps import installed

Install = Callable[..., None]
FLAVOR = """from zenml.alerter.base_alerter import BaseAlerterFlavor

class Pager(BaseAlerterFlavor):
    name = "pager"

class Broken:
    def __init__(self):
        raise RuntimeError("no licence")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Give a function that installs a package with flavors."""
    modules: list[str] = []

    def write(package: str, flavors: dict[str, str], contract: str = "1.0") -> None:
        site = tmp_path / package
        info = site / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {package}_flavors:{attribute}" for name, attribute in flavors.items()]
        points = ["[drivetrain.contract]", f"{contract} = {package}_flavors", "[drivetrain.flavors]", *lines]
        (info / "entry_points.txt").write_text("\n".join(points))
        (site / f"{package}_flavors.py").write_text(FLAVOR)
        monkeypatch.syspath_prepend(str(site))
        modules.append(f"{package}_flavors")
        installed.clear_cache()

    yield write
    installed.clear_cache()
    for module in modules:
        sys.modules.pop(module, None)


def broken() -> list[str]:
    return [fault.message for fault in plugins.broken_flavors()]


def test_a_flavor_is_found_by_name_with_its_origin(install: Install) -> None:
    install("acme", {"pager": "Pager"})
    assert plugins.load_flavor("pager").type.value == "alerter" and plugins.origin("pager") == "acme 1.0"
    assert plugins.profiling_source("pager") == ("acme_flavors", "acme 1.0")
    assert plugins.origin("drivetrain_bentoml") == "drivetrain" and broken() == []


def test_a_flavor_that_two_packages_claim_is_refused_with_both_and_harms_no_other(install: Install) -> None:
    install("acme", {"pager": "Pager"})
    install("globex", {"pager": "Pager"})
    with pytest.raises(ConfigurationError, match="'pager' is claimed by") as caught:
        plugins.load_flavor("pager")
    assert "acme 1.0" in str(caught.value) and "globex 1.0" in str(caught.value)
    assert broken() == [caught.value.faults[0].message]
    assert plugins.load_flavor("drivetrain_whylogs").name == "drivetrain_whylogs"


@pytest.mark.parametrize(
    ("name", "attribute", "why"),
    [
        ("pager", "Broken", "does not import: RuntimeError: no licence"),
        ("pager", "Nothing", "does not import: AttributeError"),
        ("beeper", "Pager", "calls itself 'pager'"),
    ],
)
def test_a_flavor_that_does_not_work_is_named_with_its_package(
    name: str, attribute: str, why: str, install: Install
) -> None:
    install("acme", {name: attribute})
    (message,) = broken()
    assert message.startswith(f"flavor {name!r} of acme 1.0") and why in message


def test_a_flavor_for_another_contract_is_not_imported(install: Install) -> None:
    install("acme", {"pager": "Pager"}, contract="2.0")
    (message,) = broken()
    assert "was made for version 2.0" in message and "acme_flavors" not in sys.modules


@pytest.mark.parametrize(("name", "whose"), [("drivetrain_bentoml", "our own"), ("local", "ZenML's own")])
def test_a_name_of_ours_or_of_zenml_cannot_be_taken(name: str, whose: str, install: Install) -> None:
    install("acme", {name: "Pager"})
    assert not plugins.flavor_sources().get(name, "").startswith("acme")
    (message,) = broken()
    assert f"acme 1.0 registers the flavor {name!r}, which is one of {whose} names" in message


def test_the_names_of_zenml_are_those_that_it_registers_always() -> None:
    from zenml.stack.flavor_registry import FlavorRegistry

    assert {str(getattr(flavor().name, "value", flavor().name)) for flavor in FlavorRegistry().builtin_flavors} == (
        plugins.ZENML_BUILTIN
    )


def test_a_stack_of_zenmls_own_flavors_uses_none_of_a_packages(install: Install) -> None:
    from stacks.apply import our_flavors

    install("acme", {"local": "Pager"})
    local = {"flavor": "local"}
    spec = StackSpec.model_validate({"name": "here", "orchestrator": local, "artifact_store": local})
    assert our_flavors(spec) == {}
