"""The pages in a real browser without a network, the look above all: they fit, and no data becomes code."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from ml.explore.page import render
from tests.ml.explore.exploring import look_at_csv
from tests.ml.features.ugly_table import IMAGE, SCRIPT, TARGET, write_ugly
from tests.ml.reports.pages import PAGES

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]

QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
]  # fmt: skip
# A headless window is never narrower than 500 pixels; a frame is. The script belongs to the test, not to the page.
FRAME = """<!doctype html><meta charset="utf-8"><body style="margin:0"><p id="wide">not measured</p>
<iframe style="border:0;width:{width}px;height:2400px" srcdoc="{page}"></iframe>
<script>addEventListener("load", () => {{ const page = document.querySelector("iframe").contentDocument;
document.querySelector("#wide").textContent = "wide: " + page.documentElement.scrollWidth; }});</script>"""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "chromium is not installed: the page cannot be looked at"
        (pytest.fail if os.environ.get("DRIVETRAIN_TESTS_NEED_ALL") else pytest.skip)(reason)
    return str(found)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    target = folder / "explore.html"
    target.write_text(render(look_at_csv(write_ugly(folder / "ugly.csv"), TARGET)), encoding="utf-8")
    return target


def browse(chromium: str, folder: Path, page: Path, *options: str) -> str:
    """Open a page in a browser of its own and return what it printed."""
    words = [chromium, *QUIET, f"--user-data-dir={folder / 'profile'}", *options, page.as_uri()]
    done = subprocess.run(words, capture_output=True, timeout=120, check=True)
    return done.stdout.decode("utf-8")


def test_the_browser_finds_the_whole_page_and_no_code_in_it(chromium: str, page: Path, tmp_path: Path) -> None:
    seen = browse(chromium, tmp_path, page, "--dump-dom")
    assert "<script" not in seen and "<img" not in seen
    for name in (SCRIPT, IMAGE):
        assert html.escape(name, quote=False) in seen
    for heading in ("Checks", "Target: ", "What goes with the target", "Columns", "Missing values", "YAML to paste"):
        assert re.search(rf"<h2[^>]*>{heading}", seen)
    assert "weiß nicht" in seen and "override /trainer" in seen


def test_the_file_is_small_and_refers_to_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    markup = " ".join(re.findall(r"<[^>]*>", text)) + " ".join(re.findall(r"<style>.*?</style>", text, re.DOTALL))
    assert not re.search(r"https?:|[\"'(=]\s*//|@import|url\(|src=", markup)


def width_needed(chromium: str, folder: Path, text: str, width: int) -> int:
    """Return how wide a page is in a frame of `width` pixels."""
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, page=html.escape(text, quote=True)), encoding="utf-8")
    seen = browse(chromium, folder, frame, "--dump-dom", "--window-size=1400,2500")
    measured = re.search(r"wide: (\d+)", seen)
    assert measured is not None
    return int(measured[1])


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_a_phone_and_a_screen(chromium: str, page: Path, tmp_path: Path, width: int) -> None:
    assert width_needed(chromium, tmp_path, page.read_text(encoding="utf-8"), width) <= width


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"exploration"}))
def test_the_other_pages_fit_a_phone_too(chromium: str, tmp_path: Path, name: str) -> None:
    assert width_needed(chromium, tmp_path, PAGES[name](), 390) <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_painted_in_both_schemes(chromium: str, page: Path, tmp_path: Path, scheme: str) -> None:
    picture = tmp_path / "page.png"
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    browse(chromium, tmp_path, page, "--window-size=1280,1600", f"--screenshot={picture}", *dark)
    pixels = (imread(picture)[..., :3] * 255).astype(np.uint8)
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    assert len(colours) > 50 and counts.max() < 0.95 * counts.sum()
    background = float(colours[counts.argmax()].mean())
    assert background < 60 if scheme == "dark" else background > 200
