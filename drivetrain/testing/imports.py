"""What importing a component's module brings with it, seen in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence

from schemas.home import ROOT

_LARGE = "keras matplotlib pandas pyarrow scipy sklearn skops sqlalchemy whylogs"
_LARGER = "bentoml hydra jax onnx onnxruntime tensorflow torch zenml"
HEAVY = frozenset(f"{_LARGE} {_LARGER}".split())
"""Libraries that take long to import: a component imports them in the functions that need them."""
_PROBE = """
import importlib, json, os, sys
sys.path.insert(0, sys.argv[1])
import drivetrain
before = set(sys.modules)
for module in sys.argv[2:]:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(module)
            answer = sorted(set(sys.modules) - before)
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(1, (json.dumps([module, answer]) + "\\n").encode())
        os._exit(0)
    os.waitpid(child, 0)
"""


def imported_by(modules: Sequence[str]) -> dict[str, list[str] | str]:
    """Return for each module what it imports beside what `import drivetrain` does, or why it does not import.

    Every module is imported in a process of its own, on the path of this one.
    """
    command = [sys.executable, "-c", _PROBE, str(ROOT), *modules]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    found: dict[str, list[str] | str] = dict.fromkeys(modules, "the process that imported it ended without a word")
    return found | dict(lines)


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
