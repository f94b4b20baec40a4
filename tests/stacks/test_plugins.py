"""Flavors that installed packages bring: found by name, broken ones named, names that are taken left alone."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.catalog.components import flavors
from schemas.errors import ConfigurationError
from schemas.stack import ComponentSpec, StackSpec
from stacks import plugins
from stacks.checks.settings import settings_faults
from stacks.checks.shipped import Found, ShippedFlavors
from steps import installed

Install = Callable[..., None]
FLAVOR = """from pydantic import Field, create_model, field_validator
from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterConfig, BaseAlerterFlavor

class Pager(BaseAlerterFlavor):
    name = "pager"

class Broken:
    def __init__(self):
        raise RuntimeError("no licence")

class Foreign:
    name = "pager"

class Clientless(Pager):
    @property
    def config_class(self):
        import no_such_client

class Untyped(Pager):
    type = "alerter"

class Unconfigured(Pager):
    config_class = dict

class Settings(BaseAlerterConfig):
    key: str = ""
    level: int = 1

    @field_validator("key")
    @classmethod
    def known(cls, key):
        if key == "client":
            import no_such_client
        return {"": "", "a": "b"}[key]

class Picky(Pager):
    config_class = Settings
    implementation_class = BaseAlerter

class Undefaulted(Picky):
    @property
    def config_class(self):
        return create_model("Made", __base__=Settings, at=(str, Field(default_factory=lambda: {}["at"])))
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
        ("pager", "Foreign", "is not a subclass of ZenML's Flavor"),
        ("pager", "Clientless", "cannot be used: ModuleNotFoundError: No module named 'no_such_client'"),
        ("pager", "Untyped", "cannot be used: AttributeError"),
        ("pager", "Unconfigured", "cannot be used: AttributeError"),
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


def checked(alerter: dict[str, Any], **parts: Any) -> dict[str, str]:
    """Return what the checks say of a stack with an alerter, by path."""
    local = {"flavor": "local"}
    declared = {"name": "here", "orchestrator": local, "artifact_store": local, "alerter": alerter, **parts}
    found = settings_faults(ShippedFlavors(), StackSpec.model_validate(declared))
    return {fault.path: fault.message for fault in found}


def test_a_broken_flavor_of_a_package_does_not_keep_a_misspelt_one_from_being_told(install: Install) -> None:
    install("acme", {"pager": "Foreign", "beeper": "Clientless"})
    found = checked({"flavor": "slack"}, orchestrator={"flavor": "lokal"})
    assert "'lokal' is not a flavor of orchestrator. Did you mean 'local'?" in found["stack.orchestrator.flavor"]


@pytest.mark.parametrize(("attribute", "why"), [("Foreign", "is not a subclass"), ("Clientless", "no_such_client")])
def test_a_broken_flavor_that_a_stack_names_is_told_with_its_package(
    attribute: str, why: str, install: Install
) -> None:
    install("acme", {"pager": attribute})
    message = checked({"flavor": "pager"})["stack.alerter.flavor"]
    assert message.startswith("flavor 'pager' of acme 1.0") and why in message


@pytest.mark.parametrize(
    ("key", "why"), [("b", "KeyError: 'b'"), ("client", "ModuleNotFoundError: No module named 'no_such_client'")]
)
def test_settings_whose_validator_raises_are_told_with_flavor_and_package(key: str, why: str, install: Install) -> None:
    from stacks.checks.settings import as_stored

    install("acme", {"pager": "Picky"})
    settings: dict[str, Any] = {"key": key}
    assert checked({"flavor": "pager", "settings": settings}) == {
        "stack.alerter.settings": f"flavor 'pager' of acme 1.0 cannot check its settings: {why}"
    }
    assert checked({"flavor": "pager", "settings": {"key": "a"}}) == {}
    part = ComponentSpec(flavor="pager", settings=settings)
    assert as_stored(ShippedFlavors(), "alerter", part) == settings


def test_a_flavor_whose_default_cannot_be_made_is_named_and_the_others_are_listed(install: Install) -> None:
    install("acme", {"pager": "Undefaulted"})
    assert "pager" not in [one.name for one in flavors()] and "drivetrain_ray" in [one.name for one in flavors()]
    from cli.catalog.components import undescribed

    (fault,) = undescribed()
    assert fault.message == "flavor 'pager' of acme 1.0 cannot be described: KeyError: 'at'"


def test_a_flavor_of_zenmls_store_whose_module_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ShippedFlavors()
    (slack,) = client.list_flavors("alerter", "slack").items
    gone = slack.model_copy(update={"name": "pager", "source": "acme_gone.flavors.Pager"})
    monkeypatch.setattr(client, "list_flavors", lambda **_query: Found([gone]))
    parts = {kind: {"flavor": "pager"} for kind in ("orchestrator", "artifact_store", "alerter")}
    found = settings_faults(client, StackSpec.model_validate({"name": "here", **parts}))
    assert "flavor 'pager' cannot be used: ImportError" in found[-1].message
