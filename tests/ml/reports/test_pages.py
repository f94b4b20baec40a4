"""What the five pages have in common: one frame, one style sheet, no network, text that stays text."""

import re

import pytest
from jinja2 import UndefinedError

from ml.reports.templates import environment
from tests.ml.monitoring.test_report import Structure
from tests.ml.reports.pages import EVIL, PAGES


@pytest.fixture(scope="module", params=sorted(PAGES))
def page(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]()


def test_every_page_stands_in_the_one_frame(page: str) -> None:
    assert page.startswith('<!doctype html>\n<html lang="en">')
    frame, style = page.split("<style>")[0], page.split("<style>")[1].split("</style>")[0]
    assert 'name="viewport"' in frame and page.count("<style>") == page.count("<main>") == 1
    shared = environment().get_template("ml/reports/style.css.j2").render()
    assert style.startswith(f"\n{shared}")
    assert "color-scheme: light dark" in shared and "@media (max-width" in shared and "@media print" in shared


def test_every_colour_that_a_page_uses_is_declared_for_light_and_for_dark(page: str) -> None:
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)[:2]
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", page))
    declared = [set(re.findall(r"(--[a-z0-9]+):", text)) for text in (light, dark)]
    own = set(re.findall(r"(--(?:c\d|plus|minus)):", page))
    assert used <= declared[0] | own and declared[0] == declared[1]


def test_every_page_is_well_formed_and_what_it_shows_is_text(page: str) -> None:
    parsed = Structure(page)
    assert (parsed.faults, parsed.open) == ([], [])
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert EVIL.split("&")[0] in "".join(parsed.text)
    assert not [name for _, given in parsed.tags for name in given if name.startswith("on")]


def test_no_page_asks_for_anything(page: str) -> None:
    markup = " ".join(re.findall(r"<[^>]*>", page)) + page.split("<style>")[1].split("</style>")[0]
    assert not re.search(r"https?:|@import|url\(|src=\"(?!data:)", markup)


def test_a_name_that_the_page_was_not_given_is_an_error_and_no_blank() -> None:
    template = environment().from_string("{{ forgotten }}")
    with pytest.raises(UndefinedError, match="forgotten"):
        template.render()
