"""Links between the project's pages lead somewhere, in the repository and in the site."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.home import ROOT

_LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]+)?\)")
ROOT_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in ROOT_PAGES), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target, heading in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{target} is not there"
        assert not heading or heading[1:] in _headings(found), f"{target} has no heading {heading}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = [target for target, _ in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
        found = [(page.parent / target).resolve() for target in targets if target]
        pages = [one for path in found for one in (path.glob("*.md") if path.is_dir() else [path])]
        waiting += [path for path in pages if path.suffix == ".md" and path not in reached and path not in waiting]
    assert set(PAGES) <= reached


def test_every_page_is_in_the_site() -> None:
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = set(_targets(navigation)) - {"index.md"} | {"README.md"}
    assert {place for page in PAGES if (place := _place(page)) not in listed} == set()


def _place(page: Path) -> str:
    """Return how the site's navigation names a page: by itself, or by its folder."""
    inside = page.relative_to(ROOT).as_posix().removeprefix("docs/")
    folder, separator, _ = inside.partition("/")
    return folder + separator if separator else inside


def _targets(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    return [found for inner in (node.values() if isinstance(node, dict) else node) for found in _targets(inner)]


def _headings(page: Path) -> set[str]:
    lines = (line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in lines}
