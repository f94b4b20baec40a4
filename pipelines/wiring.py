"""What every step of a pipeline gets: its cache key and its share of the stack's resources."""

from typing import Any

from zenml.config import ResourceSettings
from zenml.config.cache_policy import CachePolicy

from ml.baselines import AUTO, AUTO_MODULE
from schemas.choice import Choice
from schemas.stack import StackSpec
from steps.caching import source_files
from steps.registry import OWN, module_of, origin


def wired(step: Any, stack: StackSpec, *components: tuple[str, Choice]) -> Any:
    """Return `step` keyed by all first-party source that it uses, the chosen components' included.

    A component from an installed package is keyed by that package's version.
    """
    modules = [step.entrypoint.__module__, *(_module(slot, choice) for slot, choice in components)]
    versions = {
        f"DRIVETRAIN_{slot}".upper(): where
        for slot, choice in components
        if choice.name != AUTO and (where := origin(slot, choice.name)) != OWN
    }
    policy = CachePolicy(include_step_code=False, file_dependencies=source_files(modules))
    need = stack.resources.get(step.name)
    settings = {"resources": ResourceSettings(**need.model_dump(exclude_none=True))} if need else {}
    return step.with_options(cache_policy=policy, environment=versions, settings=settings)


def _module(slot: str, choice: Choice) -> str:
    return AUTO_MODULE if choice.name == AUTO else module_of(slot, choice.name)
