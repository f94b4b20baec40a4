"""Which template files belong to one that is rendered: no import of Python shows them."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path


def with_all_named(templates: Iterable[Path], root: Path) -> set[Path]:
    """Return templates and all that they extend, include or import, to the end.

    Args:
        templates: Those that a module renders.
        root: The folder from which templates name each other.

    Raises:
        FileNotFoundError: If a template names one that does not exist.
        ValueError: If a template computes the name of another.
    """
    found: set[Path] = set()
    waiting = list(templates)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [root / name for name in _named(path)]
    return found


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
