"""A component chosen by its registered name, as plain JSON."""

from collections.abc import Mapping
from typing import Self

from pydantic import JsonValue

from schemas.base import Strict


class Choice(Strict):
    """What crosses into ZenML: a registered name and the component's own parameters."""

    name: str
    params: dict[str, JsonValue] = {}

    @classmethod
    def from_flat(cls, block: Mapping[str, JsonValue]) -> Self:
        """Read the configuration's flat form, `{name: x, parameter: value, …}`."""
        return cls(name=str(block["name"]), params={key: value for key, value in block.items() if key != "name"})

    def flat(self) -> dict[str, JsonValue]:
        """Return the configuration's flat form."""
        return {"name": self.name, **self.params}
