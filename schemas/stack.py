"""A stack: where a run happens."""

from typing import Literal

from pydantic import Field, JsonValue

from schemas.base import Name, Strict

# The steps of all pipelines, in order; a stack declares resources under these names.
StepName = Literal[
    "load", "infer_schema", "split", "validate_data", "data_gate", "fit_features", "train", "train_baseline",
    "evaluate", "open_test_set", "profile", "gate", "package", "register", "detect_drift", "explore", "predict_batch",
]  # fmt: skip


class ComponentSpec(Strict):
    """One ZenML stack component: its flavor and that flavor's settings."""

    flavor: str = Field(description="name of a ZenML flavor")
    settings: dict[str, JsonValue] = Field(default={}, description="that flavor's own settings")


class Resources(Strict):
    """What a step may ask of the stack."""

    cpu_count: float | None = Field(default=None, gt=0, description="cores")
    gpu_count: int | None = Field(default=None, ge=0, description="GPUs")
    memory: str | None = Field(
        default=None, pattern=r"^[0-9]+(KB|KiB|MB|MiB|GB|GiB|TB|TiB)$", description="for example 4GiB"
    )


class StackSpec(Strict):
    """ZenML components by type, and what each step may ask of them."""

    name: Name = Field(description="the stack's name")
    orchestrator: ComponentSpec = Field(description="what runs the steps")
    artifact_store: ComponentSpec = Field(description="where what steps give is kept")
    deployer: ComponentSpec | None = Field(
        default=None, description="what starts services; pipelines that deploy need one"
    )
    data_validator: ComponentSpec | None = Field(default=None, description="what profiles rows and compares windows")
    resources: dict[StepName, Resources] = Field(default={}, description="what a step may ask for, by step")
