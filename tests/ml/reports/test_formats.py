"""Figures, times and words for a person."""

import pytest

from ml.reports.formats import capfirst, count, share, timestamp


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (0.0004, "< 0.1 %"), (0.034, "3.4 %"), (0.41, "41 %"), (0.9996, "> 99.9 %"), (1, "100 %")],
)
def test_shares_are_short(value: float, text: str) -> None:
    assert share(value).replace("\u00a0", " ") == text


def test_a_number_comes_with_its_word() -> None:
    assert [count(1, "row"), count(1204, "row"), count(2, "class", "classes"), count(1204)] == [
        "1 row", "1,204 rows", "2 classes", "1,204",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("2026-11-20T16:00:00.000+02:00", "2026-11-20 14:00:00 UTC"),
        ("2026-11-20T13:51:37", "2026-11-20 13:51:37 UTC"),
        ("yesterday", "yesterday"),
        (None, "an unknown time"),
    ],
)
def test_a_time_is_in_utc_and_other_text_stays(text: str | None, seen: str) -> None:
    assert timestamp(text) == seen


def test_only_the_first_letter_is_changed() -> None:
    assert [capfirst("no m² left"), capfirst("")] == ["No m² left", ""]
