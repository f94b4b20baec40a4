"""What every step of a pipeline gets: its name, its cache key, its share of the stack's resources."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from zenml.config import ResourceSettings
from zenml.config.cache_policy import CachePolicy
from zenml.config.retry_config import StepRetryConfig

from ml.trainers.baselines import AUTO, AUTO_MODULES
from schemas.choice import Choice
from schemas.stack import Resources, StackSpec, StepName
from stacks.plugins import profiling_source
from stacks.remote.steps import here
from steps.caching import code_digest
from steps.registry import OWN, module_of, origin


def wired(
    step: Any,
    step_name: StepName,
    stack: StackSpec,
    *components: tuple[str, Choice],
    also: Sequence[str] = (),
    local: bool = False,
) -> Callable[..., Any]:
    """Return `step` as the pipeline calls it: named `step_name`, and keyed by the code of all that it reaches.

    Args:
        step: The ZenML step.
        step_name: Its name in the pipeline, under which a stack declares resources.
        stack: Where the run happens.
        components: Kind and choice of the components that the step looks up by name; no import shows their modules.
        also: Further modules that the step reaches without an import.
        local: Whether it needs files or databases that only the machine of the command has.

    A component from an installed package is keyed by that package's version.
    """
    modules = [
        step.entrypoint.__module__,
        *also,
        *(module for kind, choice in components for module in _modules(kind, choice)),
    ]
    versions = {
        f"DRIVETRAIN_{kind}".upper(): where
        for kind, choice in components
        if choice.name != AUTO and (where := origin(kind, choice.name)) != OWN
    }
    environment = {"DRIVETRAIN_CODE": code_digest(modules), **versions}  # ZenML's key takes in what stands here
    policy = CachePolicy(include_step_code=False)
    need = stack.resources.get(step_name, Resources())
    settings = {"resources": ResourceSettings(**need.asked)} if need.asked else {}
    retry = StepRetryConfig(max_retries=need.retries, backoff=1) if need.retries else None
    keyed = step.with_options(
        cache_policy=policy, environment=environment, settings=settings, retry=retry, extra=here(local)
    )
    return partial(keyed, id=step_name)


def profiled(step: Any, step_name: StepName, stack: StackSpec) -> Callable[..., Any]:
    """Return a step that profiles through the stack's data validator, keyed by its code and its settings."""
    validator = stack.data_validator
    module, version = profiling_source(validator.flavor if validator else "")
    settings = json.dumps(validator.settings, sort_keys=True) if validator and validator.settings else ""
    keyed = step.with_options(environment={"DRIVETRAIN_VALIDATOR": version + settings})
    return wired(keyed, step_name, stack, also=[module])


def _modules(kind: str, choice: Choice) -> Sequence[str]:
    return AUTO_MODULES if choice.name == AUTO else [module_of(kind, choice.name)]
