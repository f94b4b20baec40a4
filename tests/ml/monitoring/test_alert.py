"""An alert says what changed, how sure that is and what to do next, on single lines, whatever columns are called."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.monitoring.alert import compose
from ml.monitoring.alert_text import one_line, plain_text, without_markup
from schemas.alert import Alert, AlertSpec
from schemas.run import MonitorSpec
from tests.ml.monitoring.alarms import EVERYTHING, WHEN, alert_of, drifted, report_of, worse


def test_drift_of_columns_says_what_changed_how_sure_and_what_to_do() -> None:
    found = alert_of(drifted("age", value=0.2, adjusted_p_value=0.004), drifted("size"), drifted("x", verdict="ok"))
    assert found.subject == "house version 3: drift (2 columns: 'size', 'age')"
    assert [one.name for one in found.changes] == ["size", "age"], "the largest first, and no column that is ok"
    assert found.certainty == (
        "Of windows in which nothing has changed, at most 1 % alarm; the strongest of these changes has p < 0.001. "
        "The window has 1,000 rows."
    )
    text = plain_text(found)
    assert "1. Open the report: /home/me/r.html" in text and "'age': a distance of 0.4" in text
    assert "Label some recent predictions" in text and "pipeline=" in text
    assert "Window: 1,000 rows, 2026-11-20 13:51:37 UTC to 2026-11-20 14:51:37 UTC" in text


def test_predictions_that_became_worse_come_first_with_their_intervals_and_the_way_back() -> None:
    found = alert_of(drifted("size"), performance=[worse(), worse("2")])
    assert [one.kind for one in found.changes] == ["labels", "column"]
    assert (found.changes[0].value, found.changes[0].threshold) == (0.71, 0.9)
    assert "the whole 95 % interval, 0.65 to 0.77, is worse than the whole one on the test set, 0.9 to 0.95" in (
        found.certainty
    )
    assert "python -m serving rollback house" in [step.command for step in found.next_steps]
    assert found.subject == "house version 3: drift (the predictions have become worse; 1 column: 'size')"


def test_a_broken_schema_is_no_matter_of_chance_and_names_what_drifted_besides() -> None:
    broken = drifted("town", verdict="schema_alarm", value=None, why="no row has it")
    found = alert_of(drifted("size"), broken, verdict="schema_alarm")
    assert found.certainty.startswith("No matter of chance") and "Of windows" not in found.certainty
    assert [one.name for one in found.changes] == ["town", "size"]
    assert found.subject == "house version 3: rows are not of the kind that the model takes (1 column: 'town')"
    assert found.key == alert_of(drifted("age"), broken, verdict="schema_alarm").key, "what decided is the same"


def test_no_verdict_is_told_where_it_is_asked_for() -> None:
    found = alert_of(drifted(verdict="no_verdict"), verdict="no_verdict", rows=3)
    assert "no sign that all is well" in found.certainty and found.rows == 3
    assert compose(report_of(verdict="no_verdict"), MonitorSpec(), None, WHEN) is None


@pytest.mark.parametrize("verdicts", [[], ["schema_alarm"]])
def test_a_verdict_that_is_none_of_those_asked_for_is_not_told(verdicts: list[str]) -> None:
    spec = MonitorSpec(alert=AlertSpec.model_validate({"verdicts": verdicts}))
    assert compose(report_of(drifted()), spec, None, WHEN) is None
    assert compose(report_of(verdict="ok"), EVERYTHING, None, WHEN) is None


def test_the_key_is_of_model_version_verdict_and_names_and_not_of_figures_or_order() -> None:
    same = [alert_of(drifted("a", value=v), drifted("b"), rows=rows).key for v, rows in [(0.2, 100), (0.9, 5_000)]]
    others = [
        alert_of(drifted("a"), drifted("c")).key,
        alert_of(drifted("a")).key,
        alert_of(drifted("a"), drifted("b"), version="4").key,
        alert_of(drifted("a"), drifted("b"), model="hut").key,
        alert_of(drifted("a"), drifted("b"), predictions=drifted("prediction")).key,
        alert_of(drifted("a"), drifted("b"), performance=[worse()]).key,
    ]
    assert len(set(same)) == 1 and len({*same, *others}) == 1 + len(others)


def test_of_many_changes_twenty_are_listed_and_the_rest_counted() -> None:
    found = alert_of(*(drifted(f"c{number:02}") for number in range(33)))
    assert (len(found.changes), found.more_changes) == (20, 13)
    assert "33 columns: 'c00', 'c01', 'c02' and 30 more" in found.subject
    assert "and 13 more, which the report has" in plain_text(found)


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_name_breaks_a_line_or_the_document(name: str, why: str) -> None:
    found = alert_of(drifted(name, why=why), page=None)
    line = one_line(found)
    assert len(line.splitlines()) == 1 and len(found.subject.splitlines()) == 1 and len(found.subject) <= 200
    assert len(plain_text(found).splitlines()) == len(plain_text(alert_of(drifted("a"), page=None)).splitlines())
    assert Alert.model_validate_json(found.model_dump_json()) == found
    assert not any(mark in without_markup(plain_text(found)) for mark in ("<!", "<@", "<#", "<h"))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<!channel> p < 0.001", "‹!channel› p < 0.001"),
        ("<http://x|y>", "‹http://x|y›"),
        ("a>b", "a›b"),
        ("@everyone @ 5", "＠everyone @ 5"),
    ],
)
def test_what_a_chat_takes_for_a_command_is_none(text: str, plain: str) -> None:
    assert without_markup(text) == plain


@pytest.mark.parametrize(("span", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86400), ("7d", 604800), (None, None)])
def test_a_span_is_seconds(span: str | None, seconds: float | None) -> None:
    assert AlertSpec(again_after=span).seconds == seconds


@pytest.mark.parametrize("span", ["0h", "1w", "24", "", "1h ", "-1h", "9999999999d"])
def test_what_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(ValueError, match="is not a span"):
        AlertSpec(again_after=span)
