"""A secret that settings refer to is looked for before a run, and neither read out nor quoted."""

from types import SimpleNamespace

import pytest

from schemas.stack import StackSpec
from stacks.checks.references import missing
from stacks.checks.shipped import ShippedFlavors


class Store:
    """ZenML with one secret."""

    def get_secret_by_name_and_private_status(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(secret_values={"hook": {"url": "https://T0KEN"}}[name])


def referring(name: str, key: str) -> StackSpec:
    alerter = {"flavor": "drivetrain_webhook", "settings": {"url": {"secret": name, "key": key}, "timeout": 3}}
    local = {"flavor": "local"}
    return StackSpec.model_validate({"name": "s", "orchestrator": local, "artifact_store": local, "alerter": alerter})


@pytest.mark.parametrize(
    ("client", "name", "key", "what", "command"),
    [
        (Store(), "hok", "url", "ZenML has no secret 'hok'", "zenml secret create hok --url=…"),
        (Store(), "hook", "urls", "has no key 'urls'. Did you mean 'url'?", "zenml secret update hook --urls=…"),
        (ShippedFlavors(), "hook", "url", "ZenML has no secret 'hook'", "zenml secret create hook --url=…"),
    ],
)
def test_what_is_not_there_is_missing(client: object, name: str, key: str, what: str, command: str) -> None:
    (found,) = missing(client, referring(name, key))
    assert found.what.startswith("stack.alerter.settings.url: ") and what in found.what and "T0KEN" not in found.what
    assert found.command == command


def test_what_is_there_is_not() -> None:
    assert missing(Store(), referring("hook", "url")) == []


def test_a_secret_of_two_keys_is_made_by_one_command() -> None:
    settings = {key: {"secret": "hook", "key": key} for key in ("url", "signing_key")}
    local = {"flavor": "local"}
    alerter = {"flavor": "drivetrain_webhook", "settings": settings}
    spec = {"name": "s", "orchestrator": local, "artifact_store": local, "alerter": alerter}
    found = missing(ShippedFlavors(), StackSpec.model_validate(spec))
    assert [one.command for one in found] == ["zenml secret create hook --url=… --signing_key=…"] * 2
