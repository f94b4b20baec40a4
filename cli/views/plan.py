"""`action=plan`, as a person or a log reads it."""

from collections.abc import Iterator

from rich.console import Console

from cli.views.batch import batch_lines
from schemas.plan import Plan
from schemas.run import Run

_MARKS = {
    **{"create": "+", "update": "~", "unchanged": "=", "restore": "!", "orphan": "!"},
    **{"run": "▶", "reuse": "↺", "depends": "?"},
}
_WORDS = {"restore": "changed by hand, is restored:", "orphan": "orphaned, no stack uses it:"}


def show_plan(console: Console, run: Run, plan: Plan) -> None:
    """Print what the run would change, do, ask for and miss."""
    for line in plan_lines(run, plan):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def plan_lines(run: Run, plan: Plan) -> Iterator[str]:
    """Yield the plan; nothing was started or written."""
    yield f"{run.name}: pipeline {run.pipeline} on stack {run.stack.name}; nothing is started or written"
    if "batch" in run.spec.inputs and run.batch is not None:
        yield "rows"
        yield from (f"  {line}" for line in batch_lines(run.batch))
    yield "stack"
    for change in plan.changes:
        details = " ".join(f"{key}={value}" for key, value in change.details.items())
        word = _WORDS.get(change.action, change.action)
        yield f"  {_MARKS[change.action]} {word} {change.kind} {change.name} {details}".rstrip()
    yield "steps"
    for step in plan.steps:
        component = f" ({step.component})" if step.component else ""
        yield f"  {_MARKS[step.action]} {step.action:8}{step.pipeline}.{step.step}{component}: {step.why}"
    yield from _needs(plan)


def _needs(plan: Plan) -> Iterator[str]:
    if plan.resources:
        yield "resources"
        for step_name, need in plan.resources.items():
            asked = ", ".join(
                f"{key} {value}" for key, value in need.model_dump(exclude_none=True, exclude_defaults=True).items()
            )
            yield f"  {step_name}: {asked or 'nothing in particular'}"
    if plan.missing:
        yield "missing"
        for missing in plan.missing:
            yield f"  ! {missing.what}"
            yield f"      {missing.command}"
