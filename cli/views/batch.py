"""Where a batch's rows come from and where they go, in lines that hold no secret."""

import json
import re
from collections.abc import Iterator

from schemas.choice import Choice
from schemas.run import BatchSpec
from steps.registry import lookup

_LOGIN = re.compile(r"(?<=://)[^/]*@")
_SHOWN = 80


def batch_lines(batch: BatchSpec) -> Iterator[str]:
    """Yield a line each for the input, the output and the rows that are refused."""
    yield f"input:  {_place(batch.input)}{_written(batch.input)}"
    yield f"output: {_place(batch.output)}"
    yield f"errors: {batch.errors}, if a row is refused"
    if batch.journal:
        yield "journal: each predicted row goes into the model's"


def _place(choice: Choice) -> str:
    """Return the component and its place; of a plug-in, whose keys nobody knows here, the component alone."""
    given = choice.params
    words = [choice.name]
    if "path" in given:
        words.append(_open_part(given["path"]))
    words += [f"{key} {_short(str(given[key]))}" for key in ("table", "query") if given.get(key) is not None]
    if "url" in given:
        words.append(f"of {_open_part(given['url'])}")
    return " ".join(words)


def _written(choice: Choice) -> str:
    """Return how the input's rows are written, as far as it is declared."""
    component = lookup("load", choice.name)
    known = [*(key for group in component.reading_keys for key in group), *component.file_keys]
    keys = [key for key in known if key in choice.params]
    said = ", ".join(f"{key} {_short(json.dumps(choice.params[key], ensure_ascii=False))}" for key in keys)
    return f"; {said}" if said else ""


def _open_part(place: object) -> str:
    """Return an address without who asks and without what a signed URL carries after its question mark."""
    if not isinstance(place, str):
        return "an address given by reference"
    return _LOGIN.sub("", place).partition("?")[0] if "://" in place else place


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
