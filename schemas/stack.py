"""A stack: where a run happens."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from pydantic import Field, JsonValue, field_validator, model_validator

from schemas.base import Name, Strict
from schemas.database_url import holds_password
from schemas.pipelines import STEP_NAMES
from schemas.secret import SecretRef
from schemas.secret_names import names_secret

if TYPE_CHECKING:
    StepName = str
else:
    StepName = Literal[STEP_NAMES]  # the steps of all pipelines; a stack declares resources under these names


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_THE_RUN = re.compile(r"(?:ZENML|DRIVETRAIN|RAY|BENTOML)_.*|PYTHON.*|PATH|HOME|LD_.*")
"""What a stack must not set: it decides what runs, and where it keeps what."""


class ComponentSpec(Strict):
    """One ZenML stack component: its flavor, that flavor's settings, and the connector that lets it in.

    Stacks that declare the same share one component.
    """

    flavor: str = Field(min_length=1, description="name of a ZenML flavor")
    settings: dict[str, JsonValue] = Field(
        default={}, description="that flavor's own settings; a secret as {secret: NAME, key: KEY}, kept by ZenML"
    )
    connector: str | None = Field(default=None, min_length=1, description="name of a ZenML service connector")
    connector_resource: str | None = Field(
        default=None, min_length=1, description="which of the connector's resources, where it has several"
    )

    @model_validator(mode="after")
    def _a_resource_is_one_of_a_connector(self) -> Self:
        if self.connector_resource is not None and self.connector is None:
            raise ValueError("connector_resource is one of a connector: declare the connector as well")
        return self


class Resources(Strict):
    """What a step may ask of the stack."""

    cpu_count: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="cores")
    gpu_count: int | None = Field(default=None, ge=0, le=1_000_000, description="GPUs")
    memory: str | None = Field(
        default=None, pattern=r"^[0-9]{1,15}(KB|KiB|MB|MiB|GB|GiB|TB|TiB)$", description="for example 4GiB"
    )
    retries: int = Field(
        default=0, ge=0, le=100, description="how often the step is tried again after a failure, elsewhere if it can"
    )

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked of a machine, by ZenML's names."""
        return self.model_dump(include={"cpu_count", "gpu_count", "memory"}, exclude_none=True)


class Requirements(Strict):
    """What must be installed where the command runs, and how a person gets it."""

    packages: list[str] = Field(default=[], description="Python packages, as pip takes them: ray[default]>=2.60")
    programs: list[str] = Field(default=[], description="programs on the PATH")
    install: str | None = Field(default=None, min_length=1, description="the command that installs them")
    apart: str | None = Field(
        default=None,
        min_length=1,
        description="why they cannot be installed beside the locked packages, where they need an environment of their "
        "own, which `install` makes",
    )


class Machine(Strict):
    """What a machine type of a cloud has."""

    cpu_count: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="cores; null: not known")
    gpu_count: int = Field(default=0, ge=0, le=1_000_000, description="GPUs")
    memory: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,15}(KB|KiB|MB|MiB|GB|GiB|TB|TiB)$",
        description="for example 4GiB; null: not known",
    )


class Newer(Strict):
    """What a cloud has that is not in the lists that a declaration is checked against."""

    machines: dict[str, Machine] = Field(default={}, description="machine types, with what they have")
    regions: list[str] = Field(default=[], description="regions")
    accelerators: list[str] = Field(default=[], description="accelerators, by the cloud's name")


class StackSpec(Strict):
    """ZenML components by type, where journals are, and what each step may ask for.

    Every component type of ZenML is a key; what is not declared is not in the stack.
    """

    name: Name = Field(description="the stack's name")
    orchestrator: ComponentSpec = Field(description="what runs the steps")
    artifact_store: ComponentSpec = Field(description="where what steps give is kept")
    deployer: ComponentSpec | None = Field(
        default=None, description="what starts services; pipelines that deploy need one"
    )
    data_validator: ComponentSpec | None = Field(default=None, description="what profiles rows and compares windows")
    container_registry: ComponentSpec | None = Field(default=None, description="where container images are pushed to")
    image_builder: ComponentSpec | None = Field(default=None, description="what builds container images")
    step_operator: ComponentSpec | None = Field(default=None, description="what runs single steps elsewhere")
    experiment_tracker: ComponentSpec | None = Field(default=None, description="where runs are tracked besides ZenML")
    alerter: ComponentSpec | None = Field(default=None, description="what sends messages to people")
    log_store: ComponentSpec | None = Field(default=None, description="where the logs of steps are kept")
    feature_store: ComponentSpec | None = Field(default=None, description="where features are kept")
    annotator: ComponentSpec | None = Field(default=None, description="where people label data")
    model_registry: ComponentSpec | None = Field(default=None, description="a registry of models besides ZenML's own")
    model_deployer: ComponentSpec | None = Field(default=None, description="ZenML's earlier kind of deployer")
    sandbox: ComponentSpec | None = Field(default=None, description="where code that is not trusted runs")
    journal: str | None = Field(
        default=None,
        description="SQLAlchemy URL of the journals, {model} in it stands for the model's name, no password; null: "
        "SQLite files under DRIVETRAIN_HOME",
    )
    resources: dict[StepName, Resources] = Field(default={}, description="what a step may ask for, by step")
    environment: dict[str, str | SecretRef] = Field(
        default={},
        description="variables that the steps get, wherever they run: a text, or a secret as {env: NAME} or "
        "{secret: NAME, key: KEY}",
    )
    store: Literal["any", "server"] = Field(
        default="any", description="what ZenML's own database must be; server: one that a team shares, over REST"
    )
    requires: Requirements = Field(default=Requirements(), description="what must be installed")
    newer: Newer = Field(default=Newer(), description="what a cloud has that our lists do not know yet")

    @field_validator("environment")
    @classmethod
    def _variables_have_names_and_hold_no_secret(cls, given: dict[str, str | SecretRef]) -> dict[str, str | SecretRef]:
        wrong = [why for name, value in given.items() if (why := _why_not_a_variable(name, value))]
        if wrong:
            raise ValueError("; ".join(wrong))
        return given

    @field_validator("journal")
    @classmethod
    def _a_journal_belongs_to_one_model_and_names_no_password(cls, url: str | None) -> str | None:
        if url is None:
            return url
        if holds_password(url):
            raise ValueError("a password must not stand here: leave it to the driver (PGPASSWORD, a password file)")
        if "{model}" not in url:
            raise ValueError("two models would share one journal: say {model} where the model's name belongs")
        _require_location(url)
        return url

    @property
    def components(self) -> dict[str, ComponentSpec]:
        """The declared components by ZenML's component type, in an order in which they may be made."""
        found = {kind: getattr(self, kind) for kind in COMPONENT_TYPES}
        return {kind: part for kind, part in found.items() if part is not None}


COMPONENT_TYPES: tuple[str, ...] = tuple(
    name
    for name, field in StackSpec.model_fields.items()
    if ComponentSpec in (field.annotation, *get_args(field.annotation))
)
"""ZenML's component types."""


def _why_not_a_variable(name: str, value: str | SecretRef) -> str:
    if not _VARIABLE.fullmatch(name):
        return f"{name!r} is no name of a variable"
    if _OF_THE_RUN.fullmatch(name):
        return f"{name} decides what runs and where it keeps what: it cannot be set here"
    if isinstance(value, str) and names_secret(name, value):
        return f"{name} holds a secret, which must not stand here: say {{env: {name}}}, or {{secret: NAME, key: KEY}}"
    return ""


def _require_location(url: str) -> None:
    """Raise ValueError where the URL names no database that every process of a deployment finds again."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        place = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("is no SQLAlchemy URL, such as postgresql+psycopg://host/journal_{model}") from None
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_absolute():
        raise ValueError("the service runs in another folder: say where the file is from the root on, sqlite:////…")
