"""Which runs use a stack now: it must not change under them."""

from typing import Any

from schemas.errors import ConfigurationError, Fault

UNFINISHED = (
    'oneof:["initializing", "provisioning", "queued", "running", "retrying", "resuming", "stopping", "cancelling"]'
)
"""ZenML's filter for runs and steps that are not over."""


def runs_on(client: Any, stacks: list[str]) -> list[str]:
    """Return the names of the unfinished runs on stacks of these names."""
    return [
        run.name for name in stacks for run in client.list_pipeline_runs(stack=name, status=UNFINISHED, size=20).items
    ]


def refuse_in_use(client: Any, what: str, stacks: list[str]) -> None:
    """Refuse to change what an unfinished run uses.

    Raises:
        ConfigurationError: With the runs.
    """
    runs = runs_on(client, stacks)
    if runs:
        message = f"{what} would change under a run that uses it: {', '.join(runs)}"
        hint = "wait until it has ended; a run whose process is gone is closed by the next command"
        raise ConfigurationError([Fault("stack", message, hint)], heading="The stack cannot be changed now")
