"""`serving.lock`, made from `requirements.lock`: the same versions and hashes, in parts by runtime.

python -m cli.serving_lock          writes it; the environment must be the one that requirements.lock made
"""

from collections import defaultdict
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from cli.serving_lock.closure import closure
from cli.serving_lock.imported import requirements
from ml.io.atomic_write import write_whole
from ml.runtimes.load import LOADERS
from schemas.home import ROOT
from schemas.package import Runtime
from serving.process.requirements import EVERY, FILE, HEADING

WHOLE = ROOT / "requirements.lock"
_ABOUT = """\
# What a service needs to run, by the runtime of its package; a Bento's requirements are the parts that its own needs.
# Made from requirements.lock by: python -m cli.serving_lock
"""


def main() -> int:
    """Write the file and return the exit code."""
    write_whole(ROOT / FILE, text())
    print(f"{FILE} is written")
    return 0


def text() -> str:
    """Return what the file has to be."""
    needs = {runtime: closure(requirements(runtime)) for runtime in LOADERS}
    locked = entries(WHOLE.read_text(encoding="utf-8"))
    parts: dict[tuple[Runtime, ...], list[str]] = defaultdict(list)
    for name, lines in sorted(locked.items()):
        runtimes = tuple(runtime for runtime, names in needs.items() if name in names)
        if runtimes:
            parts[runtimes] += lines
    ordered = sorted(parts, key=lambda runtimes: (-len(runtimes), runtimes))
    return _ABOUT + "".join(f"\n{_heading(one)}\n" + "\n".join(parts[one]) + "\n" for one in ordered)


def entries(lock: str) -> dict[str, list[str]]:
    """Return the entries of a lock file by canonical name, each with its hashes and without comments.

    A name has several where their markers differ.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for block in _blocks(lock.splitlines()):
        name = canonicalize_name(block[0].partition("==")[0].partition("[")[0].strip())
        found[str(name)].append("\n".join(block))
    return dict(found)


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace():
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _heading(runtimes: tuple[Runtime, ...]) -> str:
    return HEADING + (EVERY if len(runtimes) == len(LOADERS) else ", ".join(runtimes))
