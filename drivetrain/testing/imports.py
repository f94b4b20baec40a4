"""What importing a component's module brings with it, seen in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from subprocess import DEVNULL
from tempfile import TemporaryFile
from typing import IO, Any

from drivetrain.testing import probe
from schemas.home import ROOT

_LARGE = "keras matplotlib pandas pyarrow scipy sklearn skops sqlalchemy whylogs"
_LARGER = "bentoml hydra jax onnx onnxruntime tensorflow torch zenml"
HEAVY = frozenset(f"{_LARGE} {_LARGER}".split())
"""Libraries that take long to import: a component imports them in the functions that need them."""
_SECONDS = 120.0
"""How long a module may take to import; Keras takes two seconds, and ten on a busy machine."""


class NoAnswer(str):
    """Why nothing is known of importing a module: it ends the process that imports it, or takes too long."""

    __slots__ = ()


def imported_by(modules: Sequence[str], *, seconds: float = _SECONDS) -> dict[str, list[str] | str]:
    """Return for each module what it imports beside what `import drivetrain` does, or why it does not import.

    Every module is imported in a process of its own, on the path of this one. What it prints is thrown away.

    Args:
        modules: Their dotted names.
        seconds: How long each may take; one that takes longer is ended.

    Raises:
        RuntimeError: If the process that starts the others ends before all were tried, with what it said.
    """
    if not modules:
        return {}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    # Files and no pipes: what a module leaves running would hold the end of a pipe open.
    with TemporaryFile() as answers, TemporaryFile() as said:
        number = answers.fileno()
        command = [sys.executable, "-P", probe.__file__, str(number), str(seconds), str(ROOT), *modules]
        streams: dict[str, Any] = {"stdin": DEVNULL, "stdout": said, "stderr": said}
        subprocess.run(command, env=environment, check=False, pass_fds=[number], **streams)
        found = _read(answers)
        if found.keys() != set(modules):
            said.seek(0)
            raise RuntimeError(f"modules could not be tried: {said.read().decode(errors='replace').strip()}")
    return found


def without_answer(modules: Sequence[str], *, seconds: float = _SECONDS) -> dict[str, NoAnswer]:
    """Return the modules that would take this process with them or keep it, and why; a fork of it imports each.

    Args:
        modules: Their dotted names.
        seconds: How long each may take; one that takes longer is ended.
    """
    with TemporaryFile() as answers:
        probe.import_each(modules, answers.fileno(), seconds)
        return {module: found for module, found in _read(answers).items() if isinstance(found, NoAnswer)}


def _read(answers: IO[bytes]) -> dict[str, list[str] | str]:
    answers.seek(0)
    lines = (json.loads(line) for line in answers)
    return {module: found if answered else NoAnswer(found) for module, answered, found in lines}


def unasked_imports(
    module: str, imported: Sequence[str] | str, others: Mapping[str, str], *, bases: Collection[str] = ()
) -> Iterator[str]:
    """Yield what a module imports that nobody named.

    Args:
        module: The component's module.
        imported: What `imported_by` gave for it.
        others: The modules of other components, with what each is of.
        bases: Modules that hold the classes which the component is made of.
    """
    if isinstance(imported, str):
        yield f"{module} does not import: {imported}"
        return
    heavy = sorted({name.split(".")[0] for name in imported} & HEAVY)
    if heavy:
        yield f"importing {module} imports {', '.join(heavy)}: import it in the function that needs it"
    for other in sorted(set(imported) & others.keys() - {module, *bases}):
        yield f"importing {module} imports {other} of {others[other]}, which nobody named"
