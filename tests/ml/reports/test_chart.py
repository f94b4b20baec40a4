"""Charts: round ticks inside the axis, marks where they belong, everything escaped."""

import math
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.reports.chart import Axis, Chart
from ml.reports.svg import width_of

EVIL = '</title><script>&"'


def written(axis: Axis) -> list[str]:
    return [text for _, text in axis.ticks()]


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis("", 0, 1), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Axis("", -0.03, 1.06), ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (Axis("", -0.0011, 0.0012), ["-0.0010", "-0.0005", "0.0000", "0.0005", "0.0010"]),
        (Axis("", 0.99991, 0.99999), ["0.99992", "0.99994", "0.99996", "0.99998"]),
        (Axis("", 50_000, 1_030_000), ["200,000", "400,000", "600,000", "800,000", "1,000,000"]),
        (Axis("", 0.5, 3.2, whole=True), ["1", "2", "3"]),
        (Axis("", 1e-9, 5e-9), ["1e-09", "2e-09", "3e-09", "4e-09", "5e-09"]),
        (
            Axis("", 1.7e12 - 1e5, 1.7e12 + 6e5),
            [f"{1_700_000_000_000 + number:,}" for number in (0, 200_000, 400_000, 600_000)],
        ),
        (Axis("", 1, 1 + 1e-7), [f"1.000000{number:02}e+00" for number in (0, 2, 4, 6, 8, 10)]),
        (Axis("", -3.9, 105, whole=True, first=1), ["25", "50", "75", "100"]),
        (Axis("", 0, 10, last=6), ["0", "2", "4", "6"]),
        (Axis("", 0.002, 150, log=True), ["0.01", "0.1", "1", "10", "100"]),
        (Axis("", 0.15, 3, log=True), ["0.2", "0.5", "1", "2"]),
        (Axis("", 1e-9, 1e3, log=True), ["1e-09", "1e-06", "0.001", "1", "1000"]),
    ],
)
def test_ticks_are_round_and_tell_neighbours_apart(axis: Axis, ticks: list[str]) -> None:
    assert written(axis) == ticks


def test_values_that_are_alike_but_for_rounding_have_one_axis() -> None:
    axis = Axis.around("", [1.0, 1.0 + 4e-16])
    assert axis.low < 0.95 and axis.high > 1.05 and len(set(written(axis))) == len(axis.ticks())


@pytest.mark.parametrize("high", [2e3, 3.3e5, 7e6, 5e9, 1e14])
def test_labels_of_the_x_axis_stand_apart_and_inside(high: float) -> None:
    root = ElementTree.fromstring(Chart("t", Axis("x", 0.0, high), Axis("y", 0.0, 1.0)).markup())
    texts = [text.attrib | {"words": str(text.text)} for text in root.iterfind("text")]
    row = [text for text in texts if text["y"] == texts[0]["y"]]
    assert len(row) >= 2
    ends = []
    for text in row:
        x, width = float(text["x"]), width_of(text["words"])
        ends.append((x - width, x) if text["text-anchor"] == "end" else (x - width / 2, x + width / 2))
    assert all(left[1] < right[0] for left, right in pairwise(ends))
    assert ends[-1][1] <= 360


def test_a_long_label_of_an_axis_is_cut() -> None:
    label = "predicted minus actual: customer lifetime value [EUR per square metre and year and household]"
    root = ElementTree.fromstring(Chart("t", Axis(label, 0.0, 1.0), Axis(label, 0.0, 1.0)).markup())
    cut = [str(text.text) for text in root.iterfind("text")][-2:]
    assert all(text.endswith("…") and width_of(text) <= 330 for text in cut)


@given(st.lists(st.floats(-1e12, 1e12), max_size=20))
def test_every_value_has_a_place_and_there_are_ticks(values: list[float]) -> None:
    axis = Axis.around("", values)
    assert all(0 <= axis.share(value) <= 1 for value in values)
    assert all(axis.low <= mark + 1e-6 * abs(mark) for mark, _ in axis.ticks())
    assert len(axis.ticks()) <= 8


@given(st.lists(st.floats(1e-12, 1e12), max_size=20))
def test_every_value_has_a_place_on_a_logarithmic_axis(values: list[float]) -> None:
    axis = Axis.around("", values or [1.0], log=True)
    assert all(-1e-9 <= axis.share(value) <= 1 + 1e-9 for value in values)
    assert len(axis.ticks()) <= 8


def test_values_that_are_not_finite_are_neither_on_the_axis_nor_drawn() -> None:
    axis = Axis.around("", [math.nan, 1.0, math.inf, 2.0])
    assert (axis.low, axis.high) == pytest.approx((0.96, 2.04))
    chart = Chart("t", axis, axis)
    chart.dots("points", [(1.0, math.nan), (math.inf, 1.0), (1.0, 2.0)])
    chart.line("curve", [(math.nan, 1.0)])
    root = ElementTree.fromstring(chart.markup())
    assert len(root.findall("g/circle")) == 1 and root.findall("path")[-1].attrib["d"] == ""


def test_marks_stand_in_the_frame_and_text_is_escaped() -> None:
    chart = Chart(EVIL, Axis(EVIL, 0, 10), Axis(EVIL, 0, 10), [("points", EVIL)])
    chart.dots("points", [(0, 0), (10, 10)])
    chart.columns("columns", [0, 3, 6], [0, 1, 2, 3], 0.2)
    root = ElementTree.fromstring(chart.markup())
    low, high = ((float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.findall("g/circle"))
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    assert 0 < low[0] < high[0] < width and height > low[1] > high[1] > 0
    (columns,) = (path.attrib["d"] for path in root.findall("path") if path.attrib["class"] == "columns")
    assert columns.count("M") == 2
    assert [title.text for title in root.iterfind("title")] == [EVIL]
    assert [text.text for text in root.iterfind("text")].count(EVIL) == 3
