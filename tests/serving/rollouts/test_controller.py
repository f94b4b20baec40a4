"""Rollouts through a real journal on a simulated clock: what is as good takes over, what is worse does not."""

import pytest
from sqlalchemy import Engine

from tests.serving.rollouts.made import Fault, Service


def test_a_version_that_is_as_good_goes_through_all_stages_into_production(any_engine: Engine) -> None:
    service = Service(any_engine)
    found = service.run()
    assert found.outcome == "promoted", found.why
    assert service.states() == ["shadow", "candidate", "candidate", "current"]
    assert found.counted > 700 and found.state.exposed > 150


@pytest.mark.parametrize(
    ("fault", "signal"),
    [
        (Fault(failing=0.3), "error_rate"),
        (Fault(invalid=0.3), "invalid"),
        (Fault(drifted=0.8), "prediction_drift"),
        (Fault(wrong=0.6), "quality"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_worse_version_is_rolled_back_by_its_shadow_with_the_reason(
    engine: Engine, fault: Fault, signal: str
) -> None:
    service = Service(engine, fault)
    found = service.run()
    assert found.outcome == "rolled_back" and signal in found.why, found.why
    assert service.states() == ["shadow", "withdrawn"] and found.state.exposed == 0


def test_a_slow_version_is_rolled_back_once_users_get_its_answers(engine: Engine) -> None:
    service = Service(engine, Fault(slower=5.0))
    found = service.run()
    assert found.outcome == "rolled_back" and found.why.startswith("latency"), found.why
    assert service.states() == ["shadow", "candidate", "withdrawn"]
