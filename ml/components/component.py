"""What every component kind has: parameters, and what is wrong with them."""

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from schemas.addresses import is_of_this_machine
from schemas.errors import Fault


class Component(ABC):
    """Chosen by its registered name. `Params` is a pydantic model (extra="forbid") of the parameters beside it."""

    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: Any) -> None:
        self.params = params

    @property
    def needs_this_machine(self) -> bool:
        """Whether it reads or writes what only the machine of the command has: a file by `path`, a database by `url`.

        Such a step runs where the command does, whatever the stack.
        """
        given = (getattr(self.params, name, None) for name in ("path", "url"))
        return any(isinstance(address, str) and is_of_this_machine(address) for address in given)

    @classmethod
    def faults_beside(cls, params: Mapping[str, Any]) -> list[Fault]:
        """Return what is wrong in the sound part of parameters that do not fit `Params`."""
        return []
