"""Which steps would run and which would be reused, from ZenML's own cache keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast, get_args
from uuid import UUID

from ml.trainers.baselines import resolve_baseline
from schemas.base import Task
from schemas.home import Home
from schemas.pipelines import ALERT, WINDOWS, StageSpec
from schemas.plan import PlannedStep
from schemas.run import Run
from stacks.declared import stack_name


@dataclass(frozen=True)
class _Input:
    """What ZenML's cache key takes of an input: no chunks, since no step of ours maps over one."""

    id: UUID
    content_hash: str | None
    chunk_index: None = None

    @classmethod
    def of(cls, artifact: Any) -> "_Input":
        return cls(artifact.id, artifact.content_hash)


def step_names(run: Run, why: str, stages: Sequence[StageSpec]) -> list[PlannedStep]:
    """Return every step as one that will run, without asking ZenML's store."""
    return [
        PlannedStep(pipeline=stage.name, step=step, component=_component(run, step), action="run", why=why)
        for stage in stages
        for step in stage.steps
        if _has(run, step)
    ]


def _has(run: Run, step: str) -> bool:
    """Say whether a run has a step that not every run has."""
    return {WINDOWS: run.data.forecasts, ALERT: run.stack.alerter is not None}.get(step, True)


def forecast(client: Any, run: Run, stages: Sequence[StageSpec]) -> list[PlannedStep]:
    """Walk the compiled pipelines and look each step's cache key up."""
    planned: list[PlannedStep] = []
    for stage in stages:
        planned += _compiled(client, run, stage) if stage.compiled else step_names(run, "never reused", [stage])
    return planned


def _component(run: Run, step: str) -> str | None:
    chosen = {"load": run.data.source, "split": run.split.method, "train": run.trainer, "train_baseline": run.baseline}
    if step not in chosen:
        return None
    known = run.data.task in get_args(Task)
    choice = resolve_baseline(chosen[step], cast(Task, run.data.task)) if known else chosen[step]
    return choice.name


def _compiled(client: Any, run: Run, stage: StageSpec) -> list[PlannedStep]:
    from zenml.config.compiler import Compiler
    from zenml.config.pipeline_run_configuration import PipelineRunConfiguration
    from zenml.stack import Stack

    from pipelines.execution.context import run_context

    stack = Stack.from_model(client.get_stack(stack_name(run.stack), allow_name_prefix_match=False))
    module, _, name = str(stage.compiled).partition(":")
    pipeline = getattr(import_module(module), name).copy()
    pipeline.prepare(run=run, now=run_context(run, Home.here()))
    compiled = Compiler().compile(pipeline, stack, PipelineRunConfiguration())
    outputs: dict[str, dict[str, Any]] = {}
    planned: list[PlannedStep] = []
    for step_name, step in compiled.step_configurations.items():
        action, why = _look_up(client, stack, step, outputs, step_name)
        planned.append(
            PlannedStep(
                pipeline=stage.name, step=step_name, component=_component(run, step_name), action=action, why=why
            )
        )
    return planned


def _look_up(client: Any, stack: Any, step: Any, outputs: dict[str, dict[str, Any]], name: str) -> Any:
    from zenml.orchestrators.cache_utils import generate_cache_key, get_cached_step_run

    if step.config.enable_cache is False:
        return "run", "never reused: it looks at what is there now"
    inputs: dict[str, Any] = {}
    for argument, sources in step.spec.inputs.items():
        for source in sources if isinstance(sources, list) else [sources]:
            if source.step_name not in outputs:
                return "depends", f"on what {source.step_name} gives: equal results are reused"
            inputs.setdefault(argument, []).append(_Input.of(outputs[source.step_name][source.output_name]))
    key = generate_cache_key(step, inputs, stack.artifact_store, client.active_project.id)
    found = get_cached_step_run(key)
    if found is None:
        return "run", "its code, parameters or inputs are new"
    outputs[name] = {output: versions[0] for output, versions in found.outputs.items()}
    return "reuse", "code, parameters and inputs are the same"
