"""What a run would do, without doing it: stack changes, steps to run or reuse, what is missing. Nothing is written."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from pipelines.cache_forecast import forecast, step_names
from pipelines.execution.requirements import missing
from pipelines.execution.stack_needs import unmet, unreached
from schemas.errors import Fault
from schemas.events import StepEvent
from schemas.home import Home
from schemas.pipelines import StageSpec
from schemas.plan import Missing, Plan, PlannedStep
from schemas.run import Run
from stacks.checks.shipped import ShippedFlavors
from stacks.declared import parts, stack_name
from stacks.environment import variables_at_hand
from stacks.object_store import revealed
from stacks.plan import Existing, changes
from stacks.plugins import flavor_sources
from stacks.session import has_store, store_file, zenml_session


def plan(run: Run, stages: Sequence[StageSpec] | None = None) -> Plan:
    """Compare what `run` asks for with what is there; without a ZenML store everything is shown as new.

    Args:
        run: The declaration.
        stages: The stages to plan; None means those of `run.pipeline`.
    """
    asked = run.spec.stages if stages is None else stages
    return _against_the_store(run, asked) if has_store() else _from_nothing(run, asked)


def _from_nothing(run: Run, stages: Sequence[StageSpec]) -> Plan:
    known = flavor_sources()
    flavors = {part.flavor: ("", "") for part in run.stack.components.values() if part.flavor in known}
    with variables_at_hand(run.stack, partial(revealed, None)) as unset:
        absent = missing(None, run, Home.here(), unset)
    return Plan(
        changes=changes(stack_name(run.stack), parts(run.stack), flavors, Existing()),
        steps=step_names(run, why="nothing was ever run here", stages=stages),
        resources=run.stack.resources,
        missing=[*_shown(run, *unmet(ShippedFlavors(), run.stack, sqlite=True)), *absent],
    )


def _shown(run: Run, wrong: list[Fault], absent: list[Missing]) -> list[Missing]:
    """Return faults of the declaration as the plan shows them, before what is missing here."""
    found = [*wrong, *unreached(run)]
    mend = "mend the file in conf/stack/, or choose another stack="
    return [*(Missing(what=f"{fault.path}: {fault.message}", command=fault.hint or mend) for fault in found), *absent]


def _waiting(event: StepEvent) -> None:
    if event.kind == "note":
        sys.stderr.write(f"note: {event.text}\n")


def _against_the_store(run: Run, stages: Sequence[StageSpec]) -> Plan:
    with zenml_session(_waiting) as client:
        from stacks.apply import plan_stack

        wrong, needed = unmet(client, run.stack, sqlite=store_file() is not None)
        no_flavor = any(fault.path.endswith(".flavor") for fault in wrong)
        planned = [] if no_flavor else plan_stack(client, run.stack)
        stack_is_there = not wrong and not any(change.changes for change in planned)
        # As a run has them: the journal, the source and what the steps' cache keys take from both may need them.
        with variables_at_hand(run.stack, partial(revealed, client)) as unset:
            absent = missing(client, run, Home.here(), unset)
            steps = _steps(client, run, stages, stack_is_there, complete=not unset)
    found = [*_shown(run, wrong, needed), *absent]
    return Plan(changes=planned, steps=steps, resources=run.stack.resources, missing=found)


def _steps(
    client: Any, run: Run, stages: Sequence[StageSpec], stack_is_there: bool, complete: bool
) -> list[PlannedStep]:
    """Return the steps; none is looked up on a stack that is not there, or without all of the stack's variables."""
    if not stack_is_there:
        return step_names(run, "the stack is new, or changes", stages)
    return forecast(client, run, stages) if complete else step_names(run, "a variable of the stack is missing", stages)
