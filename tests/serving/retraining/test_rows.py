"""Labelled rows of a journal, as retraining takes them."""

import json
import time

from sqlalchemy import delete

from serving.journal.engine import connect
from serving.journal.insertion import add
from serving.journal.labels import Label, record
from serving.journal.schema import requests
from serving.retraining.rows import count_labels, count_rows, labelled_rows, last_label
from tests.serving.journal.requests import request


def label(url: str, *given: tuple[str, int, str, str | None, float]) -> None:
    with connect(url).begin() as connection:
        record(connection, [Label(one, row, json.dumps(what), then, who) for one, row, what, who, then in given])


def test_rows_come_with_their_last_label_and_who_gave_it(any_journal: str) -> None:
    now = time.time()
    with connect(any_journal).begin() as connection:
        add(connection, [request("a", 3, when=5.0), request("b", places=[1, 4], version="2"), request("c")])
    label(any_journal, ("a", 2, "no", None, now - 100), ("b", 4, "yes", "ann", now), ("a", 0, "yes", "bob", now))
    label(any_journal, ("b", 4, "no", "bob", now + 1), ("gone", 0, "no", "bob", now))
    found, gone = labelled_rows(any_journal, last_label(any_journal))
    assert [(one.request_id, one.row, one.inputs, one.label, one.source) for one in found] == [
        ("a", 2, {"größe": 2}, "no", None),
        ("a", 0, {"größe": 0}, "yes", "bob"),
        ("b", 4, {"größe": 4}, "no", "bob"),
    ]
    assert gone == 1 and (found[0].time, found[2].version, found[2].label_time) == (5.0, "2", now + 1)
    assert [one.row for one in labelled_rows(any_journal, 5, rows=2)[0]] == [4]
    assert [one.row for one in labelled_rows(any_journal, 5, since=now - 1)[0]] == [0, 4]
    assert count_rows(any_journal, 5, None, None) == 4 and count_rows(any_journal, 5, None, now - 1) == 3


def test_labels_that_came_after_a_cause_was_claimed_are_not_seen(any_journal: str) -> None:
    with connect(any_journal).begin() as connection:
        add(connection, [request("a", 3)])
    label(any_journal, ("a", 0, "yes", "ann", 1.0))
    seen = last_label(any_journal)
    label(any_journal, ("a", 0, "no", "ann", 2.0), ("a", 1, "no", "ann", 2.0))
    assert [(one.row, one.label) for one in labelled_rows(any_journal, seen)[0]] == [(0, "yes")]
    assert [(one.row, one.label) for one in labelled_rows(any_journal, last_label(any_journal))[0]] == [
        (0, "no"),
        (1, "no"),
    ]
    assert count_labels(any_journal, 0, seen) == 1 and count_labels(any_journal, seen, last_label(any_journal)) == 2
    with connect(any_journal).begin() as connection:
        connection.execute(delete(requests))
    assert labelled_rows(any_journal, seen) == ([], 1)
