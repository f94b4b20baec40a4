"""The Jinja environment of every page: what comes from the data is text, and a name that does not exist is an error.

A template is named by its path from the repository on, as in `{% extends "ml/reports/base.html.j2" %}`.
"""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ml.reports import formats
from ml.values.display import NAME, escaped, plain_line, readable
from schemas.home import ROOT
from schemas.numbers import percent, shown

if TYPE_CHECKING:
    from jinja2 import Environment


def render_page(module: str, context: Mapping[str, object]) -> str:
    """Return the page of the template `STEM.html.j2` that lies beside a module.

    Args:
        module: The module's `__file__`. `ml.source_code.templates` finds the template by the same rule.
        context: The names that the template uses.

    Raises:
        jinja2.UndefinedError: If the template uses a name that `context` does not have.
    """
    path = Path(module).resolve().with_suffix(".html.j2").relative_to(ROOT)
    return environment().get_template(path.as_posix()).render(context)


@cache
def environment() -> "Environment":
    """Return the environment, one a process. Jinja is imported here: a service that renders no page needs none."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(ROOT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        "capfirst": formats.capfirst,
        "column_name": partial(readable, most=NAME),
        "count": formats.count,
        "escaped": escaped,
        "percent": percent,
        "plain_line": plain_line,
        "readable": readable,
        "share": formats.share,
        "shown": shown,
        "timestamp": formats.timestamp,
    }
    return pages
