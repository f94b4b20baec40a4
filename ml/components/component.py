"""What every component kind has: parameters, and what is wrong with them."""

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from schemas.errors import Fault


class Component(ABC):
    """Chosen by its registered name. `Params` is a pydantic model (extra="forbid") of the parameters beside it."""

    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: Any) -> None:
        self.params = params

    @classmethod
    def faults_beside(cls, params: Mapping[str, Any]) -> list[Fault]:
        """Return what is wrong in the sound part of parameters that do not fit `Params`."""
        return []
