"""Drawings: in proportion, inside their frame, and escaped."""

import re
from xml.etree import ElementTree

import pytest

from ml.reports.svg import histogram, outlines, paired_bars, shortened, width_of

EVIL = '</title><script>&"'


def heights(drawing: str) -> list[float]:
    return [100 - float(top) for top in re.findall(r"V([\d.]+)h", drawing)]


def test_a_histogram_is_in_proportion_and_a_rare_value_can_be_seen() -> None:
    assert heights(histogram([10, 5, 0, 1], "t")) == pytest.approx([98, 49, 9.8])
    assert heights(histogram([100_000, 1], "t")) == [98, 1.5]
    assert heights(histogram([], "t")) == heights(histogram([0], "t")) == []


def test_outlines_share_one_scale_and_stay_inside() -> None:
    drawing = ElementTree.fromstring(outlines([0.5, 0.5], [1.0, 0.0], ("a", "b", "c"), "t"))
    before, now = ([float(y) for y in re.findall(r" ([\d.]+)", path.attrib["d"])] for path in drawing.findall("path"))
    assert min(now) == 4 and min(before) == pytest.approx(59) and max([*before, *now]) == 114
    assert [text.text for text in drawing.findall("text")] == ["a", "b", "c"]


def test_an_empty_side_is_a_flat_line() -> None:
    drawing = outlines([0.0, 0.0], [0.0, 0.0], ("a", "b", "c"), "t")
    assert "nan" not in drawing and "L0.0 114.0L180.0 114.0" in drawing


def test_paired_bars_are_as_wide_as_their_shares_and_a_long_label_is_cut() -> None:
    drawing = ElementTree.fromstring(paired_bars(["x" * 50, "b"], [0.5, 0.5], [1.0, 0.0], "t"))
    assert [float(bar.attrib["width"]) for bar in drawing.findall("rect")] == [95, 190, 95, 0]
    texts = [text.text for text in drawing.findall("text")]
    assert texts == ["x" * 19 + "…", "100 %", "b", "0 %"]


def test_titles_labels_and_ticks_are_text() -> None:
    for drawing in (
        histogram([1], EVIL),
        outlines([1.0], [1.0], (EVIL, EVIL, EVIL), EVIL),
        paired_bars([EVIL], [1.0], [1.0], EVIL),
    ):
        parsed = ElementTree.fromstring(drawing)
        assert parsed.findtext("title") == EVIL and "<script" not in drawing


def test_text_that_xml_cannot_hold_or_that_turns_the_reading_is_shown_as_what_it_is() -> None:
    drawing = ElementTree.fromstring(paired_bars(["a\x00\x1b", "\u202eabc"], [0.5, 0.5], [0.5, 0.5], "t\x00"))
    assert [text.text for text in drawing.findall("text")][::2] == ["a␀␛", "\\u202eabc"]


@pytest.mark.parametrize("words", ["mmmmmmmmmm", "WWWWWWWWWW", "失失失失失失失", "iiiiiiiiiiii"])
def test_what_is_cut_has_the_room_it_was_given(words: str) -> None:
    assert width_of(shortened(words * 3, 100)) <= 100 and shortened(words, 500) == words
