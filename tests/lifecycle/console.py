"""Console blocks of a Markdown page: `$ command` lines, each followed by what it prints and its exit code."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.home import ROOT
from tests.lifecycle.conftest import World

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A command as a person types it, and what the page states that it prints."""

    command: str
    said: str


def examples(page: Path) -> list[Example]:
    """Return the page's console blocks, one command each."""
    blocks = (block.strip().split("\n", 1) for block in _BLOCK.findall(page.read_text(encoding="utf-8")))
    return [Example(first.removeprefix("$ "), "\n".join(rest).strip()) for first, *rest in blocks]


def printed(world: World, example: Example) -> str:
    """Run the command in the world's folder; return what a person sees, with the folder's name cut out."""
    words = shlex.split(example.command)
    assert words[:2] == ["python", "run.py"], f"not a command of ours: {example.command}"
    result = world.run(*words[2:])
    text = "\n".join(_telling(result.err + ("" if result.code in (0, 2) else result.out)))
    for folder, short in ((world.folder, "."), (ROOT, "REPOSITORY"), (Path.home(), "~")):
        text = text.replace(f"{folder}{os.sep}", f"{short}/").replace(str(folder), short)
    return f"{text}\nexit code {result.code}"


def _telling(text: str) -> Iterator[str]:
    """Yield the lines that are about what is wrong: of a run that began, its closing status and error."""
    lines = text.splitlines()
    began = any(line.startswith("step ") for line in lines)
    for line in lines:
        if not began or line.startswith(("status:", "error:")):
            yield line
