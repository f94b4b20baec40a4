"""`/docs` of a living service in a real browser: its examples are edited and sent from it, under its own rules."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.journal.predictions import count
from serving.keys import store
from serving.process import records
from tests.browser import Browser, browser
from tests.serving.conftest import Live

pytestmark = pytest.mark.slow
EXAMPLE = "document.querySelector('.example[data-path=\"/{}\"]')"
PREDICT, FEEDBACK = EXAMPLE.format("predict"), EXAMPLE.format("feedback")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "chromium is not installed: the page cannot be used"
        (pytest.fail if os.environ.get("DRIVETRAIN_TESTS_NEED_ALL") else pytest.skip)(reason)
    with browser(str(found), tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def tab(chromium: Browser, live: Live) -> Iterator[Browser]:
    """A tab with the page in it, where nothing may break a rule."""
    chromium.said.clear()
    chromium.open(f"{live.url}/docs")
    yield chromium
    assert [one for one in chromium.said if "status of" not in one] == []


def sent(tab: Browser, form: str) -> tuple[str, str]:
    """Press `Send` and return the status that is shown, and the answer."""
    tab.run(f"{form}.querySelector('button').click()")
    tab.wait(f"/ms$|^no answer/.test({form}.querySelector('output').textContent)")
    shown = ("output", ".answer")
    status, answer = (str(tab.run(f"{form}.querySelector('{one}').textContent")) for one in shown)
    return status, answer


def test_an_example_is_sent_and_its_label_after_it(tab: Browser, live: Live) -> None:
    before = count(live.journal_url)
    status, answer = sent(tab, PREDICT)
    assert status.startswith("200 OK, ") and '\n "predictions": [\n' in answer and count(live.journal_url) == before + 1
    status, answer = sent(tab, FEEDBACK)
    assert status.startswith("200 OK, ") and '"status": "recorded"' in answer


def test_an_edited_example_is_sent_as_it_is_and_a_refusal_is_shown(tab: Browser) -> None:
    tab.run(f"""{PREDICT}.querySelector('textarea').value = '{{"instances": [{{"size": "<b>\\\\u202ebig"}}]}}'""")
    status, answer = sent(tab, PREDICT)
    assert status.startswith("422 ") and "<b>" in answer and "\u202e" not in answer
    assert tab.run(f"{PREDICT}.querySelector('.answer b')") is None
    tab.run(f"{PREDICT}.querySelector('textarea').value = 'no JSON'")
    assert sent(tab, PREDICT)[0].startswith("400 Bad Request")


def test_no_script_from_elsewhere_runs_and_no_other_place_is_asked(tab: Browser) -> None:
    tab.run(
        "{ const s = document.createElement('script'); s.textContent = 'window.evil = 1'; document.body.append(s); }"
    )
    tab.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.evil = 2\">')")
    gone = tab.run("fetch('http://127.0.0.1:9/').then(() => 'asked', () => 'refused')")
    assert gone == "refused" and tab.run("window.evil === undefined")
    assert len([one for one in tab.said if "Content Security Policy" in one]) >= 3
    tab.said.clear()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_a_phone_and_a_screen(tab: Browser, width: int, tmp_path: Path) -> None:
    tab.resize(width, 900)
    sent(tab, PREDICT)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.picture(tmp_path / "page.png").stat().st_size > 10_000


def test_where_keys_are_asked_for_there_is_a_field_for_one_and_nothing_else(
    live: Live, chromium: Browser, tmp_path: Path
) -> None:
    path = records.keys_path(live.home, "house")
    try:
        _, key = store.add(path, None, None)
        time.sleep(0.5)
        said = httpx.get(f"{live.url}/docs", headers={"accept": "text/html"})
        assert said.status_code == 401 and not any(word in said.text for word in ("rooms", "Bern", "house"))
        assert httpx.get(f"{live.url}/docs").headers["content-type"] == "application/json"
        chromium.resize(390, 700)
        chromium.open(f"{live.url}/docs")
        assert chromium.run("document.documentElement.scrollWidth") <= 390
        chromium.picture(tmp_path / "locked.png")
        for shown, answer in (("wrong", "the key is unknown, revoked or expired"), (key, "in use")):
            chromium.run(f"document.querySelector('#key-field').value = '{shown}'")
            chromium.run("document.querySelector('#key button').click()")
            chromium.wait(f"document.querySelector('#key output').textContent === '{answer}'")
        assert sent(chromium, PREDICT)[0].startswith("200 OK")
        chromium.picture(tmp_path / "opened.png")
        kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
        assert key not in chromium.run(kept)
    finally:
        store.clear(path)
        time.sleep(0.5)
