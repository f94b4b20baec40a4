"""Links between the project's pages lead somewhere."""

import re
from pathlib import Path

import pytest

from schemas.home import ROOT

_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]+)?\)")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target, heading in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        found = (page.parent / target).resolve()
        assert found.exists(), f"{target} is not there"
        assert not heading or heading[1:] in _headings(found), f"{target} has no heading {heading}"


def _headings(page: Path) -> set[str]:
    lines = (line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in lines}
