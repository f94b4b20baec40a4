"""ZenML as this process uses it."""

from stacks import session


def test_integrations_of_which_no_step_uses_a_materializer_are_not_activated_and_come_back() -> None:
    from zenml.integrations.registry import integration_registry

    before = {key: integration_registry.integrations[key] for key in session._UNUSED}
    with session._without_unused_integrations():
        activated = {key for key, one in integration_registry.integrations.items() if one.check_installation()}
        assert not activated & set(session._UNUSED)
    after = {key: integration_registry.integrations[key] for key in session._UNUSED}
    assert after == before and before["bentoml"].check_installation(), "BentoML is installed here"
