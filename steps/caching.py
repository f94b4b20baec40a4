"""What a step's cached result depends on besides its inputs: the first-party modules and templates that it reaches.

ZenML's own key covers the step's function only, so that a changed helper would go unnoticed. A component is found by
name, which no import shows; the caller names its module.
"""

from collections.abc import Iterable
from functools import cache

from ml.source_code.imports import Sources
from schemas.home import Home


def code_digest(modules: Iterable[str]) -> str:
    """Return the SHA-256 over the code of `modules` and of all first-party source that they reach.

    Comments, docstrings and formatting change nothing. A process sees each file as it was when it first read it: what
    it runs was imported then too.
    """
    sources = _sources(Home.here())
    return sources.digest(sources.files(modules))


def keep_parsed() -> None:
    """Keep what `code_digest` has parsed for the next process; what only plans writes nothing."""
    _sources(Home.here()).save()


@cache
def _sources(home: Home) -> Sources:
    return Sources.of_this_program(home)
