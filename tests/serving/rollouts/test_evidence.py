"""What the journal's rows say of two versions, one by one, and how far each look reads."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from ml.rollouts.observations import Observations
from schemas.rollout_state import Measure
from schemas.signature import Output
from serving.journal.engine import begin_writing
from serving.journal.insertion import Request, RoutedKey, Row, Shadowed, Unanswered, add
from serving.journal.labels import Label, record
from serving.journal.schema import requests
from serving.rollouts import reading
from serving.rollouts.evidence import evidence
from serving.rollouts.measure import binned, loss, measure_of
from serving.rollouts.record import Rollout
from tests.serving.rollouts.made import Service

HORIZON = 16.0


@pytest.fixture
def service(engine: Engine) -> Service:
    return Service(engine)


def answered(
    request_id: str, arrival: float, version: str = "2", share: float | None = 0.5, rows: int = 1, label: str = "yes"
) -> Request:
    answers = json.dumps([{"label": label, "needs_review": False}] * rows)
    return Request(request_id, arrival + 0.25, version, rows, None, "[]", None, answers, 0, 0.25, share)


def followed(request_id: str, arrival: float, status: int = 200, rows: int = 1) -> Shadowed:
    answers = json.dumps([{"label": "yes", "needs_review": False}] * rows)
    return Shadowed(request_id, arrival + 0.3, "2", status, rows, None, answers, 0, 0.1)


def in_stage(rollout: Rollout, stage: int) -> Rollout:
    """Return a rollout that has come to a stage: in its third one, requests were split by 0.2 and 0.5."""
    return replace(rollout, state=rollout.state.model_copy(update={"stage": stage}))


def write(service: Service, rows: Sequence[Row]) -> None:
    with service.engine.begin() as connection:
        begin_writing(connection)
        add(connection, rows)


def seen(service: Service, rows: list[Row], labels: Sequence[Label] = (), by_key: bool = False) -> Observations:
    """Return what a look sees of rows, long after they came."""
    with service.engine.begin() as connection:
        begin_writing(connection)
        add(connection, rows)
        record(connection, list(labels))
    rollout = in_stage(service.rollout(), 2)
    with service.engine.connect() as connection:
        part = reading.read(connection, rollout, HORIZON, service.now + 1000, by_key)
        return evidence(connection, rollout, part.rows, by_key).observations


def test_requests_come_in_the_order_of_their_arrival(service: Service) -> None:
    now = service.now + 1
    slow = answered("b", now + 1.0)._replace(time=now + 9.0, latency=8.0)
    found = seen(service, [answered("c", now + 2.0), slow, answered("a", now, version="1")])
    assert np.allclose(found.times, [now, now + 1.0, now + 2.0])
    assert found.answered.tolist() == [False, True, True] and np.allclose(found.latency[1:, 1], [8.0, 0.25])


def test_what_was_not_routed_by_chance_says_nothing(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [
        answered("a", now, share=None),
        answered("b", now, version="9"),
        Unanswered("c", now, "2", None, 500, 0, 1),
    ]
    assert len(seen(service, rows)) == 0


@pytest.mark.parametrize(
    ("status", "failed", "invalid", "latency"),
    [(500, 1, 0, 0.5), (502, 1, 0, 0.5), (504, 1, 0, math.inf), (422, 0, 1, 0.5), (400, 0, 1, 0.5), (413, 0, 1, 0.5)],
)
def test_a_request_without_an_answer_says_why(
    service: Service, status: int, failed: int, invalid: int, latency: float
) -> None:
    found = seen(service, [Unanswered("a", service.now + 1, "2", 0.5, status, 0, 0.5)])
    assert (found.failed[0, 1], found.invalid[0, 1], found.latency[0, 1]) == (failed, invalid, latency)
    assert np.isnan(found.failed[0, 0]) and found.bins[0, 1].sum() == 0


def test_rows_that_were_refused_are_a_share_of_the_request(service: Service) -> None:
    now = service.now + 1
    found = seen(service, [answered("a", now, rows=3), Unanswered("a", now, "2", 0.5, 200, 1, 0.3)])
    assert len(found) == 1 and found.invalid[0, 1] == 0.25 and found.failed[0, 1] == 0
    assert found.bins[0, 1].sum() == pytest.approx(0.75)


def test_a_request_with_refused_rows_counts_once_it_is_known_which_of_them_both_versions_refuse(
    service: Service,
) -> None:
    now = service.now + 1
    part = {one: answered(one, now, version)._replace(places="[1]") for one, version in [("a", "1"), ("b", "2")]}
    rows: list[Row] = [*part.values(), answered("c", now + 1)._replace(places="[0]")]
    found = seen(service, [*rows, Unanswered("c", now + 1, "2", 0.5, 200, 0, 0.1)])
    assert np.allclose(found.times, now + 1), "of a and b the comparison was left out, whichever version was asked"
    assert found.invalid[:, 1].tolist() == [0]


def test_an_answer_that_came_too_late_for_its_client_is_one_failure(service: Service) -> None:
    now = service.now + 1
    found = seen(service, [answered("a", now), Unanswered("a", now, "2", 0.5, 504, 0, 10.0)])
    assert len(found) == 1 and found.failed[0, 1] == 1


def test_a_shadow_is_compared_with_what_the_client_got(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [answered("a", now, "1", None, rows=2), followed("a", now, rows=1)]
    rows += [answered("b", now + 1, "1", None), followed("b", now + 1, status=500, rows=0)]
    rows += [Unanswered("c", now + 2, "1", None, 500, 0, 0.1), followed("c", now + 2)]
    rows += [answered("d", now + 3, "9", None), followed("d", now + 3), followed("e", now + 4)]
    found = seen(service, rows)
    assert found.shares.tolist() == [0, 0, 0] and np.isnan(found.latency).all()
    assert found.failed.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert found.invalid.tolist() == [[0, 0.5], [0, 0], [0, 0]]


def test_what_a_shadow_and_production_both_refuse_is_no_observation(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [Unanswered("a", now, "1", None, 400, 0, 0.1), followed("a", now, status=422, rows=0)]
    rows += [Unanswered("b", now + 1, "1", None, 400, 0, 0.1), followed("b", now + 1)]
    assert len(seen(service, rows)) == 1


def test_rows_that_a_shadow_and_production_both_refuse_are_no_part_of_a_request(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [answered("a", now, "1", None, rows=2)._replace(places="[0, 3]")]
    rows += [Unanswered("a", now, "1", None, 200, 98, 0.1), followed("a", now, rows=2)._replace(places="[3, 9]")]
    rows += [Unanswered("b", now + 1, "1", None, 422, 4, 0.1), followed("b", now + 1)._replace(places="[3]")]
    found = seen(service, rows)
    assert found.invalid.tolist() == [[pytest.approx(1 / 3)] * 2, [1, 0]], "of 0, 3 and 9 each lacks one"
    assert found.bins.sum(axis=2).tolist() == [[pytest.approx(2 / 3)] * 2, [0, 1]]


def test_the_first_label_of_a_request_counts_for_the_version_that_answered(service: Service) -> None:
    now = service.now + 1
    labels = [Label("a", 1, '"no"', now + 5), Label("a", 0, '"yes"', now + 6), Label("b", 0, '"yes"', now + 7)]
    found = seen(service, [answered("a", now, rows=2), answered("b", now + 1, "1")], labels)
    assert len(found) == 4 and found.labelled.tolist() == [False, False, True, False]
    assert found.loss[2:].tolist()[0][1] == 1.0 and found.loss[3, 0] == 0.0 and np.isnan(found.loss[3, 1])
    assert found.shares.tolist() == [0.5] * 4


def test_a_label_of_a_shadowed_request_is_one_of_both_versions(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [answered("a", now, "1", None, label="no"), followed("a", now)]
    found = seen(service, rows, [Label("a", 0, '"yes"', now + 5)])
    assert found.loss[-1].tolist() == [1.0, 0.0] and found.shares[-1] == 0


def test_of_a_key_the_first_request_alone_is_evidence(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [RoutedKey("k", "a"), answered("a", now), RoutedKey("k", "b"), answered("b", now + 1)]
    rows += [RoutedKey("l", "c"), Unanswered("c", now + 2, "1", 0.5, 500, 0, 0.1)]
    labels = [Label("b", 0, '"no"', now + 5), Label("a", 0, '"no"', now + 6)]
    found = seen(service, rows, labels, by_key=True)
    assert np.allclose(found.times, [now, now + 2, now + 6])


def test_a_customers_later_requests_show_that_the_new_version_was_tried(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [RoutedKey("k", "a"), answered("a", now), answered("pinned", now + 1, share=None)]
    rows += [answered("other", now + 2, version="1"), answered("before", now + 3, share=0.2)]
    rows += [Unanswered("refused", now + 4, "2", 0.5, 400, 0, 0.1), answered("later", now + 7)]
    rows += [Unanswered("failed", now + 6, "2", 0.5, 500, 0, 0.1)]
    write(service, rows)
    rollout = in_stage(service.rollout(), 2)
    with service.engine.connect() as connection:
        found = [reading.first_tried(connection, rollout, HORIZON, now + until) for until in (5.9, 6.9, 10.0)]
    assert found == [None, pytest.approx(now + 6), pytest.approx(now + 6)]


def test_labels_are_compared_as_the_packages_decide_whatever_threshold_was_moved(service: Service) -> None:
    now = service.now + 1
    old, new = (Output(task="binary", target="y", classes=["no", "yes"], decision_threshold=one) for one in (0.5, 0.7))
    rollout = in_stage(service.rollout(), 2)
    rollout = replace(rollout, measure=Measure(classes=["yes", "no"], outputs=(old, new)))
    records = [
        {"label": "no", "probabilities": {"no": 1 - one, "yes": one}, "needs_review": False} for one in (0.6, 0.8)
    ]
    write(service, [answered(one, now, one, rows=2)._replace(answers=json.dumps(records)) for one in "12"])
    with service.engine.begin() as connection:
        record(connection, [Label(one, 0, '"yes"', now + 5) for one in "12"])
        part = reading.read(connection, rollout, HORIZON, now + 1000, False)
        found = evidence(connection, rollout, part.rows, False).observations
    assert found.bins[0, 0].tolist() == [1, 0, 0] and found.bins[1, 1].tolist() == [0.5, 0.5, 0]
    assert found.loss[2:].diagonal().tolist() == [0.0, 1.0]


def test_what_is_not_what_was_written_says_nothing(service: Service) -> None:
    now = service.now + 1
    damaged = answered("a", now)._replace(answers="[{]")
    strange = answered("b", now)._replace(answers="[7]")
    assert len(seen(service, [damaged, strange, answered("c", now)])) == 1


def test_a_look_reads_a_bounded_number_and_the_next_one_the_rest(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 7)
    service.tick()
    service.now += 2 * HORIZON
    rollout, engine, times = service.rollout(), service.engine, list[float]()
    looks, is_more = 0, True
    with engine.connect() as connection:
        while is_more:
            part = reading.read(connection, rollout, HORIZON, service.now, False)
            assert len(part.rows) <= 14
            times += evidence(connection, rollout, part.rows, False).observations.times.tolist()
            position = reading.after(connection, rollout.position, part.until)
            rollout, is_more, looks = replace(rollout, position=position), part.is_more, looks + 1
    assert looks > 10 and times == sorted(times)
    whole = reading.read(engine.connect(), service.rollout(), HORIZON, service.now, False)
    assert len(whole.rows) <= 14
    monkeypatch.undo()
    with engine.connect() as connection:
        part = reading.read(connection, service.rollout(), HORIZON, service.now, False)
        assert evidence(connection, service.rollout(), part.rows, False).observations.times.tolist() == times
        assert reading.after(connection, service.rollout().position, part.until) == rollout.position


def test_what_is_no_evidence_is_passed_and_never_read_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_SPAN", 20)
    before = service.rollout()
    write(service, [answered(f"{number}", service.now + number, "1", None) for number in range(1, 70)])
    service.now += 100
    service.look()
    after = service.rollout()
    assert after.position.low["requests"] == before.position.low["requests"] + 69 and not after.counted
    assert after.step > before.step
    service.look()
    assert service.rollout() == after, "nothing came: nothing is written"


@pytest.mark.parametrize("seconds", [1.0, 0.01], ids=["slow", "within the horizon"])
@pytest.mark.parametrize("removed", [range(0), range(2, 12)], ids=["all", "a gap"])
def test_no_evidence_is_passed_where_more_came_than_a_look_reads_or_numbers_are_missing(
    service: Service, monkeypatch: pytest.MonkeyPatch, seconds: float, removed: range
) -> None:
    monkeypatch.setattr(reading, "_SPAN", 5)
    rollout = in_stage(service.rollout(), 2)
    write(service, [answered(f"{number}", service.now + 1 + number * seconds) for number in range(14)])
    first = rollout.position.low["requests"]
    with service.engine.begin() as connection:
        connection.execute(requests.delete().where(requests.c.id.in_([first + one for one in removed])))
    found, is_more = list[int](), True
    with service.engine.connect() as connection:
        while is_more:
            part = reading.read(connection, rollout, HORIZON, service.now + 1000, False)
            found += [one.id - first for one in part.rows]
            rollout = replace(rollout, position=reading.after(connection, rollout.position, part.until))
            is_more = part.is_more
    assert found == [one for one in range(1, 15) if one not in removed]


def test_what_another_candidate_was_asked_beside_is_no_evidence(service: Service) -> None:
    now = service.now + 1
    rows: list[Row] = [answered("a", now, "1", share=0.3), Unanswered("b", now, "1", 0.3, 500, 0, 0.1)]
    labels = [Label("a", 0, '"no"', now + 5)]
    assert len(seen(service, rows, labels)) == 0
    write(service, [answered("c", now, "1", share=0.2), answered("d", now, "1", share=0.5)])
    with service.engine.connect() as connection:
        counts = [
            len(reading.read(connection, in_stage(service.rollout(), stage), HORIZON, now + 1000, False).rows)
            for stage in range(3)
        ]
    assert counts == [1, 2, 3], "in the shadow's stage none is; one row is the label"


def test_values_are_told_by_quantiles_and_errors_by_what_was_usual() -> None:
    records = [{"value": float(number)} for number in range(80)]
    labelled = [(records[number], str(number + 1)) for number in range(80)]
    measure = measure_of([[record] for record in records], labelled)
    assert measure.scale == 2.0 and len(measure.ends) == 7
    assert binned(measure, [[{"value": -5.0}, {"value": 1e9}], [{"value": None}]]).sum(axis=1).tolist() == [1.0, 0.0]
    assert [loss(measure, {"value": 3.0}, text) for text in ("4", "3", "99", '"x"', "[", "null")] == [
        *(0.5, 0.0, 1.0, None, None, None)
    ]


def test_classes_are_told_by_their_names_and_abstentions_are_one() -> None:
    records: list[dict[str, Any]] = [{"label": "yes"}, {"label": "yes"}, {"label": 1}, {"label": None}]
    measure = measure_of([records], [])
    assert measure.classes[0] == "yes" and set(measure.classes) == {"yes", "1", None}
    assert binned(measure, [records, [{"label": "never seen"}]])[1].tolist() == [0, 0, 0, 1]
    assert [loss(measure, {"label": 1}, text) for text in ("1", "1.0", "true", '"1"')] == [0, 0, 1, 0]
    assert loss(measure, {"label": None}, '"yes"') == 1.0, "an abstention is never right"


def test_forecasts_are_told_by_their_mean() -> None:
    records = [{"value": [number, number + 2.0]} for number in range(80)]
    measure = measure_of([records], [])
    assert len(measure.ends) == 7 and loss(measure, records[0], "3") is None
