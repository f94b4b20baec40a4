"""Whether the declared stack can work at all: asked by the plan, and before a run starts anything."""

from typing import Any

from schemas.addresses import is_of_this_machine
from schemas.errors import ConfigurationError, Fault
from schemas.home import Home
from schemas.plan import Missing
from schemas.run import Run
from schemas.stack import StackSpec
from stacks.checks import ray, references
from stacks.checks.clouds.containers import CONTAINERS, refused, runs_elsewhere, runs_in_containers
from stacks.checks.requirements import client_packages
from stacks.checks.run import faults, merged, missing
from stacks.checks.settings import settings_faults
from stacks.packages import of_no_index
from steps.components import create


def unmet(client: Any, spec: StackSpec, sqlite: bool) -> tuple[list[Fault], list[Missing]]:
    """Return what is wrong with the declaration, and what is missing on this machine.

    Args:
        client: ZenML's client, or what answers for it where there is no store.
        spec: The declared stack.
        sqlite: Whether ZenML's store is a SQLite file on this machine.
    """
    absent = missing(spec) + references.missing(client, spec)
    wrong = merged(merged(faults(spec, sqlite), settings_faults(client, spec)), refused(spec))
    if not wrong and not absent:  # a cluster is asked in Ray's own way
        wrong = ray.faults(spec, sqlite, Home.here())
    return wrong, absent


def unreached(run: Run) -> list[Fault]:
    """Return what of the run stays on this machine, where its steps run in containers that have it not.

    Those are rows, a batch's files, and packages that no index has.
    """
    if not runs_in_containers(run.stack):
        return []
    who, where = (
        CONTAINERS[run.stack.orchestrator.flavor],
        "elsewhere" if runs_elsewhere(run.stack) else "in containers",
    )
    found: list[Fault] = []
    for name, origin in of_no_index(client_packages(run.stack)).items():
        what = (
            f"{name} is installed from {origin}, and {who} runs steps in an image, which gets it from an index by name"
        )
        found.append(
            Fault("stack.image_builder", what, f"publish it where the image is built from; pip install {name}")
        )
    if "rows" in run.spec.inputs and create("load", run.data.source).needs_this_machine:
        params = run.data.source.params
        key = next((name for name in ("path", "url") if is_of_this_machine(str(params.get(name) or "s3://"))), "name")
        what = f"only this machine has the rows, and {who} reads them {where}"
        found.append(Fault(f"data.{key}", what, "put them where both read them: data.path=s3://BUCKET/…, a database"))
    if "batch" in run.spec.inputs:
        what = f"a batch keeps its refused rows in a file of this machine, and {who} runs it {where}"
        found.append(Fault("pipeline", what, "stack=local"))
    return found


def require_stack(client: Any, run: Run, sqlite: bool) -> None:
    """Refuse a stack that cannot work; no other is taken in its place.

    Raises:
        ConfigurationError: With all that is wrong or missing; nothing was started.
    """
    wrong, absent = unmet(client, run.stack, sqlite)
    found = [*wrong, *unreached(run), *(Fault("stack", each.what, each.command) for each in absent)]
    if found:
        raise ConfigurationError(found, heading=f"Stack {run.stack.name!r} cannot work")
