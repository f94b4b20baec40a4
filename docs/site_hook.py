"""What `make site` does to the pages: those of the repository's root join, links are led anew, drawings become SVG."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "SECURITY.md": "SECURITY.md"}
_PAGES |= {"CHANGELOG.md": "CHANGELOG.md", "LICENSE": "LICENSE"}
_FOLDERS = {"adr": "Decisions", "examples": "Examples", "reference": "Every key", "stacks": "Stacks"}
_READABLE = 1300  # pixels: a wider drawing shrinks to the page, but not below; then it is scrolled
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s:]+)(#[^)\s]+)?\)")
_DRAWING = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Put a folder's pages where the navigation names the folder."""
    for entry in config.nav:
        for title, target in entry.items():
            if isinstance(target, str) and target.endswith("/"):
                pages = sorted((ROOT / "docs" / target).glob("*.md"))
                entry[title] = [f"{target}index.md", *(f"{target}{page.name}" for page in pages)]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the repository's root, and a page for each folder that a link may lead to."""
    for name, place in _PAGES.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / name)))
    for folder, title in _FOLDERS.items():
        files.append(File.generated(config, f"{folder}/index.md", content=_contents(ROOT / "docs" / folder, title)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Lead links to where their pages are in the site, and draw what Mermaid describes."""
    source = page.file.src_uri
    home = next((name for name, place in _PAGES.items() if place == source), f"docs/{source}")
    led = _LINK.sub(lambda link: _led(link, home, source, files), markdown)
    return _DRAWING.sub(lambda drawing: _drawn(drawing.group(1)), led)


def _led(link: re.Match[str], home: str, source: str, files: Files) -> str:
    picture, text, target, heading = link.group(1), link.group(2), link.group(3), link.group(4) or ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(home), target))
    place = _PAGES.get(path) or path.removeprefix("docs/")
    place = f"{place}/index.md" if place in _FOLDERS else place
    if (ROOT / path).exists() and files.get_file_from_path(place) is None:
        return f"`{path}`" if text == path else text  # a file of the repository that is no page
    return f"{picture}[{text}]({posixpath.relpath(place, posixpath.dirname(source) or '.')}{heading})"


def _drawn(text: str) -> str:
    import mmdr

    svg = re.sub(r"\s*\n\s*", " ", mmdr.render(text).svg())
    return f'<div class="drawing" style="--least: {min(_width(svg), _READABLE):.0f}px">{svg}</div>'


def _width(svg: str) -> float:
    box = re.search(r'viewBox="\S+ \S+ (\S+) ', svg)
    return float(box.group(1)) if box else 0


def _contents(folder: Path, title: str) -> str:
    pages = sorted(folder.glob("*.md"))
    titles = [(_TITLE.search(page.read_text(encoding="utf-8")), page.name) for page in pages]
    return f"# {title}\n\n" + "\n".join(f"- [{found.group(1)}]({name})" for found, name in titles if found) + "\n"
