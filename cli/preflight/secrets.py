"""Secrets and variables before a run has started: ZenML is opened quietly, and only where one of its is referred to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from schemas.choice import Choice
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run
from schemas.secret import SecretRef
from stacks.environment import variables_at_hand
from stacks.object_store import revealed
from stacks.session import has_store, zenml_session


@contextmanager
def secrets_at_hand(run: Run) -> Iterator[list[Fault]]:
    """Let components look secrets up, and find the variables that the stack gives to steps.

    Nothing of ZenML is imported when neither refers to a secret of its.

    Yields:
        The faults of the stack's variables that are not there.

    Raises:
        ConfigurationError: If a component refers to one and ZenML was never used here: looking must not make its store.
    """
    wanted = {path: name for block, choice in _choices(run) for path, name in _references(block, choice.params)}
    of_stack = any(isinstance(value, SecretRef) and value.secret for value in run.stack.environment.values())
    if wanted and not has_store():
        hint = "zenml secret create {} …; or name an environment variable: {{env: NAME}}"
        faults = [Fault(path, f"ZenML has no secret {name!r}", hint.format(name)) for path, name in wanted.items()]
        raise ConfigurationError(faults, "The run cannot start")
    opens = (bool(wanted) or of_stack) and has_store()
    with (
        zenml_session(lambda _record: None) if opens else nullcontext() as client,
        variables_at_hand(run.stack, partial(revealed, client)) as absent,
    ):
        yield absent


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
