"""What happens to the steps of a run while it lasts, as every orchestrator tells it, wherever the steps run."""

from collections.abc import Callable
from typing import Literal

from schemas.base import Strict

State = Literal["done", "reused", "failed"]


class StepEvent(Strict):
    """A step began or ended, has come further, or says what a person should see.

    `seconds` and `state` are those of a step that ended, `where` its machine if that is another one; `text` is what it
    says. A note may belong to no step.
    """

    kind: Literal["started", "finished", "progress", "note"]
    step: str = ""
    state: State = "done"
    seconds: float = 0.0
    text: str = ""
    where: str = ""


Send = Callable[[StepEvent], None]
