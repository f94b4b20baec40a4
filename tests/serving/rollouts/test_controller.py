"""Rollouts through a real journal on a simulated clock: what is as good takes over, what is worse does not."""

import pytest
from sqlalchemy import Engine

from schemas.rollout import RolloutSpec
from serving.journal.engine import begin_writing
from serving.journal.insertion import RoutedKey, add
from serving.rollouts.controller import Controller, horizon
from tests.serving.rollouts.made import DEPLOY, Fault, Service

BY_TIME = RolloutSpec.model_validate(
    {"stages": [{"share": 0.2, "seconds": 60}, {"share": 0.5, "seconds": 10}, {"share": 1}], "timeout": 600.0}
)


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
        (Fault(invalid=0.3, refusal=400), "invalid"),
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


def test_after_an_outage_no_stage_is_passed_in_which_nothing_was_seen(engine: Engine) -> None:
    service = Service(engine, spec=BY_TIME)
    for _ in range(3):
        service.tick()
        service.look()
    service.tick()
    began = service.rollout().state.since
    service.now += 3600.0
    service.look()
    found = service.rollout()
    assert (found.state.stage, found.state.held) == (0, False) and found.state.since > began + 3550
    killed = service.new_controller("two")
    service.now += 20.0
    killed.look()
    assert service.rollout().state.stage == 1
    placed = service.rollout().state.since
    assert placed == pytest.approx(service.now, abs=1.0)
    service.controller = killed
    service.now += 10.0 + horizon(DEPLOY, 5.0) + 2.0
    service.look()
    assert service.rollout().ended is None, "its seconds are over, and no request came"
    assert service.run(3).outcome == "promoted"


class OfCustomers(Service):
    """A service that routes by a customer, and knows all of them after the first requests."""

    def new_controller(self, worker: str) -> Controller:
        """Return a controller of another worker, which sees the same clock."""
        return Controller(self.engine, worker, DEPLOY.model_copy(update={"route_by": "X-Customer"}), clock=self.clock)

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def tick(self) -> None:
        """Serve, and note whom nobody knew."""
        number, known = self._number, self._number > 200
        super().tick()
        if not known:
            first = [RoutedKey(f"{one:032}", f"request-{number + one:09}") for one in range(1, 31)]
            with self.engine.begin() as connection:
                begin_writing(connection)
                add(connection, first)


def test_a_stage_of_seconds_goes_on_once_all_customers_are_known(engine: Engine) -> None:
    stages = [{"share": 0.2, "seconds": 60}, {"share": 0.5, "seconds": 60}, {"share": 1}]
    service = OfCustomers(engine, spec=RolloutSpec.model_validate({"stages": stages, "timeout": None}))
    assert service.run(12).outcome == "promoted"


def test_a_stage_shorter_than_evidence_takes_is_of_its_own_requests(engine: Engine) -> None:
    service = Service(engine, Fault(failing=0.5), BY_TIME.model_copy(update={"error_rate": None, "latency": None}))
    while service.rollout().state.stage == 0:
        service.tick()
        service.look()
    assert service.rollout().state.requests == 0
    assert service.run(3).state.answered > 10
