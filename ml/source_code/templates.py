"""Which template files modules render with: no import of Python shows them."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path


def template_files(modules: Iterable[Path], root: Path) -> set[Path]:
    """Return the templates `STEM.*.j2` beside `modules` and all that these extend, include or import, to the end.

    Args:
        modules: Python files.
        root: The folder from which templates name each other.

    Raises:
        FileNotFoundError: If a template names one that does not exist.
        ValueError: If a template computes the name of another.
    """
    found: set[Path] = set()
    stems = {module.with_suffix("") for module in modules}
    beside = [template for folder in {stem.parent for stem in stems} for template in folder.glob("*.j2")]
    waiting = [template for template in beside if _renderer(template) in stems]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [root / name for name in _named(path)]
    return found


def _renderer(template: Path) -> Path:
    """Return the module of a template `STEM.*.j2`, without its suffix."""
    return template.with_name(template.name.partition(".")[0])


@cache
def _named(template: Path) -> tuple[str, ...]:
    from jinja2 import Environment, meta

    tree = Environment().parse(template.read_text(encoding="utf-8"), filename=str(template))
    names = []
    for name in meta.find_referenced_templates(tree):
        if name is None:
            raise ValueError(
                f"{template} computes the name of a template that it extends, includes or imports, so that a change "
                "of that one would go unnoticed; write the name as text"
            )
        names.append(name)
    return tuple(names)
