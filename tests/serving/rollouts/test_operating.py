"""Leases of controllers, and operators: hold, go on, roll back, or take over by placing versions by hand."""

from collections.abc import Callable
from typing import Literal

import pytest
from sqlalchemy import Connection, Engine, select

from schemas.errors import DeploymentError
from schemas.rollout import RolloutSpec
from serving.journal import compared
from serving.journal.compared import forget
from serving.journal.engine import begin_writing
from serving.journal.insertion import RoutedKey, Row, Unanswered, add
from serving.journal.schema import routed_keys, unanswered
from serving.releases import events as stream
from serving.releases.beside import withdraw
from serving.releases.events import Entry, Event
from serving.rollouts import operating
from serving.rollouts.record import LEASE
from tests.serving.rollouts.made import SPEC, TICK, Fault, Service, ended

SPLIT = RolloutSpec.model_validate({"stages": [{"share": 0.5, "requests": 2000}, {"share": 1}]})


@pytest.fixture
def service(engine: Engine) -> Service:
    return Service(engine)


def test_one_controller_decides_at_a_time_and_another_follows_one_that_died(service: Service) -> None:
    other = service.new_controller("two")
    service.tick()
    service.look()
    seen = service.rollout()
    assert seen.holder == "one" and not other.look() and service.rollout() == seen
    service.now += LEASE + 0.1
    while other.look():
        pass
    assert service.rollout().holder == "two" and not service.controller.look()
    service.controller = other
    assert service.run().outcome == "promoted"


def test_a_lease_of_a_clock_that_was_set_back_is_none(service: Service) -> None:
    service.look()
    service.now -= 1000.0
    other = service.new_controller("two")
    other.look()
    assert service.rollout().holder == "two"


def test_a_paused_rollout_stays_in_its_stage_and_goes_on_when_it_is_resumed(service: Service, journal_url: str) -> None:
    assert operating.pause(journal_url) == "2"
    with pytest.raises(DeploymentError, match="is held already"):
        operating.pause(journal_url)
    for _ in range(6):
        service.tick()
        service.look()
    held = service.rollout()
    assert (held.state.stage, held.state.held, held.ended) == (0, True, None) and held.counted > 150
    assert "held" in held.why and service.states() == ["shadow"]
    assert operating.go_on(journal_url, "2") == "2"
    with pytest.raises(DeploymentError, match="is not held"):
        operating.go_on(journal_url)
    assert service.run().outcome == "promoted"


def test_a_paused_rollout_is_still_rolled_back_by_evidence(engine: Engine, journal_url: str) -> None:
    service = Service(engine, Fault(failing=0.4))
    operating.pause(journal_url)
    assert service.run().outcome == "rolled_back"


def test_a_stage_that_lacks_something_times_out_and_waits_for_an_operator(engine: Engine, journal_url: str) -> None:
    spec = RolloutSpec.model_validate(
        {"stages": [{"share": "shadow", "requests": 10_000}, {"share": 1}], "timeout": 60.0}
    )
    service = Service(engine, spec=spec)
    found = service.run(8)
    assert found.ended is None and found.state.held and "held" in found.why
    assert operating.roll_back(journal_url, "2") == "2"
    assert service.rollout().outcome == "rolled_back" and service.states() == ["shadow", "withdrawn"]
    assert operating.running(journal_url) is None


def test_production_is_spared_when_a_rollout_was_rolled_back_a_moment_before(
    service: Service, engine: Engine, journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert operating.just_gone(journal_url) is None
    operating.roll_back(journal_url)
    gone = operating.just_gone(journal_url)
    assert gone is not None and gone.rollout == service.rollout()
    with monkeypatch.context() as patched:
        patched.setattr(operating, "_JUST", 0.0)
        assert operating.just_gone(journal_url) is None
    stream.append(engine, lambda past: [Entry("3", "memory://3", "current", weight=1.0)])
    assert operating.just_gone(journal_url) is None, "it is of another version now"


@pytest.mark.parametrize("is_seen", [True, False], ids=["its controller has seen it", "nobody has"])
@pytest.mark.parametrize(
    "entry",
    [Entry("3", "memory://3", "shadow"), Entry("2", "memory://2", "candidate", weight=0.3), Entry("2", "2", "shadow")],
    ids=["a shadow of another version", "another share", "a shadow"],
)
def test_a_version_that_a_rollout_left_is_what_is_rolled_back_and_production_stays(
    engine: Engine, journal_url: str, entry: Entry, is_seen: bool
) -> None:
    service = Service(engine, spec=SPLIT)
    stream.append(engine, lambda past: [entry])
    if is_seen:
        service.look()
    assert operating.running(journal_url) is None and operating.just_gone(journal_url) is None
    taken = operating.take_away(journal_url)
    assert taken is not None and taken.candidate == "2" and service.states()[-1] == "withdrawn"
    assert operating.take_away(journal_url) is None
    assert operating.just_gone(journal_url) is not None, "production is spared a moment later"
    with engine.connect() as connection:
        pointer = stream.current(stream.read(connection))
    assert pointer is not None and pointer.version == "1"


def test_a_version_that_was_withdrawn_by_hand_a_moment_ago_is_what_a_rollback_means(
    service: Service, journal_url: str
) -> None:
    withdraw(journal_url, "2", "by an operator")
    gone = operating.just_gone(journal_url)
    assert operating.take_away(journal_url) is None and gone is not None and gone.why == "by an operator"


@pytest.mark.parametrize("command", [operating.pause, operating.go_on, operating.roll_back])
def test_a_rollout_that_was_taken_over_a_moment_ago_is_not_paused(
    service: Service, engine: Engine, journal_url: str, command: Callable[[str], str]
) -> None:
    stream.append(engine, lambda past: [Entry("2", "memory://2", "current", "promoted by an operator", weight=1.0)])
    told = "version 2 is over, somebody took over: version 2 came into production: promoted by an operator"
    with pytest.raises(DeploymentError, match=told):
        command(journal_url)
    assert not service.rollout().state.held
    assert operating.take_away(journal_url) is None and operating.just_gone(journal_url) is None, "it is in production"


def test_a_stage_that_lacks_something_may_roll_back_by_itself(engine: Engine) -> None:
    spec = {"stages": [{"share": 0.1, "labels": 10_000}, {"share": 1}], "timeout": 60.0, "when_timed_out": "roll_back"}
    found = Service(engine, spec=RolloutSpec.model_validate(spec)).run(8)
    assert found.outcome == "rolled_back" and "timed out" in found.why


def test_who_withdraws_or_promotes_by_hand_takes_over(service: Service, engine: Engine, journal_url: str) -> None:
    service.tick()
    withdraw(journal_url, "2", "by an operator")
    assert operating.running(journal_url) is None, "at once, though its controller has not seen it"
    service.look()
    assert service.rollout().outcome == "taken_over" and "by an operator" in service.rollout().why
    service.begin(service.rollout().spec)
    stream.append(engine, lambda past: [Entry("2", "memory://2", "current", "promoted by an operator", weight=1.0)])
    service.look()
    assert "version 2 came into production: promoted by an operator" in service.rollout().why
    assert ended(engine) == ["taken_over", "taken_over"]


def test_another_share_by_hand_takes_over_and_stays(service: Service, engine: Engine) -> None:
    stream.append(engine, lambda past: [Entry("2", "memory://2", "candidate", "by an operator", weight=0.3)])
    service.look()
    assert service.rollout().outcome == "taken_over"
    service.tick()
    service.look()
    assert service.states() == ["shadow", "candidate"]


@pytest.mark.parametrize("state", ["shadow", "candidate"])
@pytest.mark.parametrize("spec", [SPEC, SPLIT], ids=["in a shadow's stage", "in a candidate's"])
def test_another_version_that_is_placed_beside_by_hand_takes_over(
    engine: Engine, journal_url: str, spec: RolloutSpec, state: Literal["shadow", "candidate"]
) -> None:
    service = Service(engine, spec=spec)
    service.tick()
    service.look()
    weight = 0.3 if state == "candidate" else 0.0
    stream.append(engine, lambda past: [Entry("3", "memory://3", state, "by an operator", weight=weight)])
    assert operating.running(journal_url) is None
    service.look()
    found = service.rollout()
    assert found.outcome == "taken_over"
    in_its_place = (spec is SPEC) == (state == "shadow")
    assert in_its_place or found.why == f"version 3 became a {state}: by an operator"


def test_the_next_rollout_takes_the_place_of_the_one_before(service: Service, engine: Engine) -> None:
    service.tick()
    service.look()
    service.begin(service.rollout().spec, "3")
    service.tick()
    service.look()
    found = service.rollout()
    assert ended(engine) == ["taken_over", None]
    assert found.candidate == "3" and 0 < found.counted <= 200, "nothing of version 2's is counted"


def test_no_rollout_is_told_plainly(journal_url: str) -> None:
    for command in (operating.pause, operating.go_on, operating.roll_back):
        with pytest.raises(DeploymentError, match="No rollout runs"):
            command(journal_url)


def test_another_version_is_told_plainly(service: Service, journal_url: str) -> None:
    with pytest.raises(DeploymentError, match="No rollout of version 9 runs; that of version 2 does"):
        operating.pause(journal_url, "9")


def test_what_only_a_comparison_needed_is_forgotten_after_it(service: Service, engine: Engine) -> None:
    rows: list[Row] = [Unanswered("a", 1.0, "2", 0.1, 500, 0, 0.1), RoutedKey("k", "a")]
    with engine.begin() as connection:
        begin_writing(connection)
        add(connection, rows)
    assert not forget(engine), "while a rollout runs all stays"
    service.run()
    service.now += 100 * TICK
    service.look()
    assert numbers(engine) == [max(numbers(engine))], "the newest stays: SQLite would give its number again"
    with engine.connect() as connection:
        assert not connection.execute(routed_keys.select()).all()


def numbers(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(select(unanswered.c.id).order_by(unanswered.c.id)).scalars())


def test_what_a_rollout_has_passed_is_forgotten_while_it_runs(
    any_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(any_engine, Fault(failing=0.2), SPLIT.model_copy(update={"error_rate": None}))
    for _ in range(3):
        service.tick()
    with any_engine.begin() as connection:
        begin_writing(connection)
        add(connection, [RoutedKey("k", "a")])
    service.now += TICK
    service.look()
    low, before = service.rollout().position.low["unanswered"], numbers(any_engine)
    assert not forget(any_engine) and numbers(any_engine) == before, "a shadow may follow for a while"
    monkeypatch.setattr(compared, "_SLACK", 30.0)
    forget(any_engine)
    after = numbers(any_engine)
    assert 0 < len(after) < len(before) and set(before) - set(after) <= set(range(low + 1))
    with any_engine.connect() as connection:
        assert len(connection.execute(routed_keys.select()).all()) == 1, "whom a rollout met it knows to its end"


def test_a_rollout_that_begins_while_others_forget_loses_nothing(
    service: Service, engine: Engine, journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operating.roll_back(journal_url)
    for _ in range(3):
        service.tick()
    before = numbers(engine)
    with engine.begin() as connection:
        begin_writing(connection)
        add(connection, [Unanswered(f"{one}", service.now, "1", 0.5, 500, 0, 0.1) for one in range(5)])

    def late(connection: Connection) -> None:
        monkeypatch.undo()
        service.begin(SPLIT)
        begin_writing(connection)

    monkeypatch.setattr(compared, "begin_writing", late)
    forget(engine)
    assert numbers(engine) == [*before, *range(len(before) + 1, len(before) + 6)]
    assert service.rollout().position.low["unanswered"] == len(before) + 5


def test_a_step_while_somebody_looks_is_not_taken_for_the_end(
    service: Service, journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = stream.read

    def read_after_a_step(connection: Connection, after: int = 0) -> list[Event]:
        if service.rollout().state.stage == 0:
            monkeypatch.undo()
            while service.rollout().state.stage == 0:
                service.tick()
                service.look()
        return read(connection, after)

    monkeypatch.setattr(stream, "read", read_after_a_step)
    found = operating.running(journal_url)
    assert found is not None and found.state.stage == 1
