"""The page: whole, escaped, light, and in the order that a reader needs."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import cells
from ml.monitoring.drift import Window, detect
from ml.monitoring.profiles import reference_profile
from ml.monitoring.report import EXPANDED, render
from ml.predictions.predictor import Predictions
from schemas.run import MonitorSpec
from schemas.signature import Input, Output, Signature
from tests.ml.monitoring.conftest import draw

VOID = {"meta", "link", "br", "path", "rect", "img", "input"}


class Structure(HTMLParser):
    """Tags that were opened and closed in order, their attributes, and the text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.faults, self.text = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        self.text.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def wide(names, shift=0.0):
    """A report on columns of these names, all shifted."""
    rng = np.random.default_rng(0)
    signature = Signature(
        inputs=[Input(name=name, type="number") for name in names],
        derivations=[],
        features=[],
        output=Output(task="regression", target="t"),
    )
    frame = pd.DataFrame(rng.normal(size=(300, len(names))), columns=names)
    reference = reference_profile(cells(frame, signature), signature, Predictions(values=rng.normal(size=300)))
    columns = {name: rng.normal(shift, 1, 200) for name in names}
    window = Window(200, columns, {"value": rng.normal(size=200)})
    return detect(reference, window, signature, MonitorSpec(), model="m<b>", version="1")


@pytest.fixture(scope="module")
def drifted(world):
    rows = [{**row, "size": row["size"] + 4, "color": "blue"} for row in draw(200, 7)]
    return world.judge(rows)


def test_the_page_is_well_formed_and_says_the_verdict_first(drifted):
    page = Structure(render(drifted))
    assert (page.faults, page.open) == ([], [])
    text = " ".join(part.strip() for part in page.text if part.strip())
    body = text[text.index("the rows it predicted") :]
    assert body.index("The data has drifted") < body.index("Predictions") < body.index("Columns, most severe first")


def test_columns_are_sorted_by_severity(drifted):
    table = render(drifted).split("<tbody>")[1].split("</tbody>")[0]
    shown = re.findall(r'<td class="state (\w+)">', table)
    assert shown == sorted(shown, key=["schema_alarm", "drift", "no_verdict", "ok"].index)
    assert shown[0] == "drift"
    assert len(shown) == len(drifted.columns)


def test_drifted_columns_are_open_and_the_others_closed(drifted):
    details = Structure(render(drifted)).of("details")
    assert ["open" in one for one in details] == [True, True, False, False, False, False]
    many = Structure(render(wide([f"c{number}" for number in range(30)], shift=2.0))).of("details")
    assert sum("open" in one for one in many) == EXPANDED


def test_every_column_and_the_predictions_have_a_picture(drifted):
    page = Structure(render(drifted))
    assert len(page.of("svg")) == len(drifted.columns) + 2


def test_nothing_comes_from_elsewhere(drifted):
    page = Structure(render(drifted))
    for _, attributes in page.tags:
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")
    assert "http" not in render(drifted)
    assert "@import" not in render(drifted)


def test_names_and_labels_cannot_become_markup(world):
    evil = '<script>alert("1")</script>'
    for page in (
        render(wide([evil, "a&b", "' onload='x"])),
        render(world.judge([{**row, "color": evil} for row in draw(200, 7)])),
    ):
        assert "<script>alert" not in page
        parsed = Structure(page)
        assert len(parsed.of("script")) == 1
        assert parsed.faults == []
        assert "&lt;script&gt;" in page


def test_a_hundred_columns_stay_light_and_fit_a_phone():
    page = render(wide([f"column {number} with a rather long name" for number in range(100)], shift=2.0))
    assert len(page.encode()) < 1_000_000
    assert 'name="viewport"' in page
    assert "@media (max-width" in page


@pytest.mark.parametrize("rows", [0, 10])
def test_a_window_without_a_verdict_has_a_page_too(world, rows):
    page = render(world.judge(draw(rows, 1)))
    assert "No verdict is possible" in page
    assert "No drift" not in page


def test_a_window_without_rows_says_so_and_draws_nothing(world):
    page = Structure(render(world.judge([])))
    assert page.of("svg") == []
    assert "0 %" not in " ".join(page.text)
    assert " ".join(page.text).count("No rows in this window.") == len(world.signature.inputs)
    assert "There are no rows in this window" in " ".join(page.text)


def test_a_column_without_a_value_draws_nothing_while_the_others_do(world):
    report = world.judge([{**row, "gaps": None} for row in draw(200, 7)])
    page = Structure(render(report))
    assert len(page.of("svg")) == len(report.columns) - 1 + 2
    assert "No value in this window." in " ".join(page.text)


def test_the_page_says_by_column_what_the_window_rules_out(world):
    report = world.judge(draw(200, 7))
    table = render(report).split('id="ruled-out"')[1].split("</table>")[0]
    assert re.findall(r'<th scope="row">(.+?)</th>', table) == [
        *(one.column for one in report.columns),
        "(the predictions)",
    ]
    assert "A shift by 0.48 standard deviations (0.9888), missing values in 6.8 % of the rows" in table
    assert 'id="ruled-out"' not in render(world.judge([]))


def test_dates_after_training_are_explained_where_their_share_stands(world):
    later = render(world.judge([{**row, "day": "2025-03-01"} for row in draw(200, 7)]))
    assert "100.0 % <small>later by nature</small>" in later
    assert "Dates of a window\nlie after training by nature" in later
    beyond = render(world.judge([{**row, "day": "9999-01-01"} for row in draw(200, 7)]))
    assert "later by nature" not in beyond
    assert "Dates of a window" not in render(wide(["size"]))


def test_shares_that_are_not_known_stay_blank(drifted):
    assert "None" not in render(drifted)
    assert "nan" not in render(drifted)


def test_times_are_for_people_and_no_bracket_is_closed_twice():
    found = wide(["size"], shift=2.0)
    times = {"first": "2026-11-20T13:51:37.123+00:00", "last": "2026-11-20T16:00:00.000+02:00"}
    body = render(found.model_copy(update=times)).split("</style>")[1]
    text = " ".join(Structure(body).text)
    assert "2026-11-20 13:51:37 UTC to 2026-11-20 14:00:00 UTC" in text
    assert "Kolmogorov-Smirnov distance, p < 0.001" in text and "))" not in text
