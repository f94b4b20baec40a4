"""A component chosen by its registered name, as plain JSON."""

from pydantic import JsonValue

from schemas.base import Strict


class Choice(Strict):
    """What crosses into ZenML: a registered name and the component's own parameters."""

    name: str
    params: dict[str, JsonValue] = {}
