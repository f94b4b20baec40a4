"""What can be chosen here, as `action=components format=json` writes it."""

from pydantic import JsonValue

from schemas.base import Strict


class Parameter(Strict):
    """One parameter of a component, or one setting of a flavor."""

    name: str
    type: str
    required: bool
    default: JsonValue = None
    description: str


class Component(Strict):
    """One component by its kind (as an experiment calls it) and registered name, or one ZenML flavor by its type."""

    kind: str
    name: str
    origin: str
    description: str
    parameters: list[Parameter]


class Option(Strict):
    """One file of a group: `group=name` chooses it. `flavors` says for a stack which flavor each of its parts has."""

    group: str
    name: str
    origin: str
    file: str
    description: str
    flavors: dict[str, str] = {}


class Broken(Strict):
    """What is installed and does not work: where, what is wrong, and what would be right."""

    path: str
    message: str
    hint: str


class Catalog(Strict):
    """Everything that can be chosen here, and what is installed that cannot."""

    contract: str
    components: list[Component]
    flavors: list[Component]
    options: list[Option]
    broken: list[Broken]
