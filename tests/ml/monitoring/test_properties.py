"""Whatever the window holds, the monitor concludes, and never says ok of what it cannot know."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.monitoring.drift import window_of
from ml.monitoring.report import render
from schemas.monitoring import SEVERITY
from schemas.run import MonitorSpec
from tests.ml.monitoring.conftest import COLORS, answers, draw, make_world

pytestmark = [pytest.mark.untraced, pytest.mark.slow]

WORLD = make_world()
SPEC = MonitorSpec(min_rows=20)
NAMES = [item.name for item in WORLD.signature.inputs]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(st.characters(codec=None), max_size=200),
    st.sampled_from([*COLORS, "2024-05-05", "user-001", "0001-01-01T00:00:00+23:59", "9999-12-31"]),
)


@st.composite
def windows(draw_from):
    """Rows of the known world in which some columns are replaced, emptied, held constant or left out."""
    rows = draw(draw_from(st.integers(0, 60)), draw_from(st.integers(0, 5)))
    for name in draw_from(st.lists(st.sampled_from(NAMES), unique=True)):
        how = draw_from(st.sampled_from(["absent", "constant", "mixed", "some"]))
        constant = draw_from(ODD)
        pool = draw_from(st.lists(ODD, min_size=1, max_size=5))
        for position, row in enumerate(rows):
            if how == "absent":
                del row[name]
            elif how == "constant":
                row[name] = constant
            elif how == "mixed" or position % 3 == 0:
                row[name] = pool[position % len(pool)]
    return rows


replies = st.one_of(
    st.none(),
    st.lists(st.fixed_dictionaries({}, optional={"label": ODD, "probabilities": st.dictionaries(st.text(), ODD)})),
)
quick = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@quick
@given(windows(), replies)
def test_any_window_gets_a_report_that_can_be_written_and_shown(rows, given_answers):
    report = WORLD.judge(rows, given_answers, SPEC)
    assert json.loads(report.model_dump_json())["rows"] == len(rows)
    assert len(report.columns) == len(NAMES)
    assert render(report).startswith("<!doctype html>")


@quick
@given(windows(), replies)
def test_no_window_is_ok_that_is_too_short_or_has_an_empty_column(rows, given_answers):
    report = WORLD.judge(rows, given_answers, SPEC)
    for one in report.columns:
        values = [row.get(one.column) for row in rows]
        if len(rows) < SPEC.min_rows or all(value is None or value != value for value in values):
            assert one.verdict in ("no_verdict", "schema_alarm")
    present = [value for row in rows for value in row]
    for name in NAMES:
        may_be_left_out = name == "gaps" and len(rows) < SPEC.min_rows
        if rows and name not in present and not may_be_left_out:
            assert report.verdict == "schema_alarm"
    if len(rows) < SPEC.min_rows:
        assert report.verdict in ("no_verdict", "schema_alarm")


@quick
@given(windows(), replies)
def test_the_whole_is_as_severe_as_its_worst_part(rows, given_answers):
    report = WORLD.judge(rows, given_answers, SPEC)
    parts = [one.verdict for one in [*report.columns, report.predictions]]
    assert report.verdict == min(parts, key=SEVERITY.index)


@quick
@given(st.floats(4, 1e308), st.floats(0, 1e307))
def test_a_larger_shift_is_never_a_smaller_distance(start, more):
    """From two standard deviations on, where no value of the window is among the reference's smallest any more."""
    rows = draw(40, 1)
    distances = []
    for shift in (start, start + more):
        window = window_of([{**row, "size": row["size"] + shift} for row in rows], answers(40, 1), WORLD.signature)
        report = WORLD.detect(window, SPEC)
        distances.append(next(one for one in report.columns if one.column == "size").value)
    assert distances[0] <= distances[1] + 1e-9
