"""ZenML's secrets before a run has started: opened quietly, and only where a component refers to one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from schemas.choice import Choice
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run
from stacks.session import has_store, zenml_session


@contextmanager
def secrets_at_hand(run: Run) -> Iterator[None]:
    """Let components look secrets up; nothing of ZenML is imported when none refers to one of its.

    Raises:
        ConfigurationError: If one does and ZenML was never used here: looking must not make its store.
    """
    wanted = {path: name for block, choice in _choices(run) for path, name in _references(block, choice.params)}
    if not wanted:
        yield
        return
    if not has_store():
        hint = "zenml secret create {} …; or name an environment variable: {{env: NAME}}"
        faults = [Fault(path, f"ZenML has no secret {name!r}", hint.format(name)) for path, name in wanted.items()]
        raise ConfigurationError(faults, "The run cannot start")
    with zenml_session(lambda _record: None):
        yield


def _choices(run: Run) -> Iterator[tuple[str, Choice]]:
    if "batch" in run.spec.inputs and run.batch is not None:
        yield "batch.input", run.batch.input
        yield "batch.output", run.batch.output
    if "rows" in run.spec.inputs:
        yield "data", run.data.source


def _references(block: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        if isinstance(value, Mapping) and value.keys() >= {"secret", "key"} and isinstance(value["secret"], str):
            yield f"{block}.{name}", value["secret"]
