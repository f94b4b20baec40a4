"""A stack: where a run happens."""

from typing import Literal

from pydantic import Field, JsonValue

from schemas.base import Name, Strict

# The steps of all pipelines, in order; a stack declares resources under these names.
Slot = Literal[
    "load", "infer_schema", "split", "validate_data", "data_gate", "fit_features", "train", "train_baseline",
    "evaluate", "open_test_set", "profile", "gate", "package", "register", "detect_drift",
]  # fmt: skip


class ComponentSpec(Strict):
    """One ZenML stack component: its flavor and that flavor's settings."""

    flavor: str
    settings: dict[str, JsonValue] = {}


class Resources(Strict):
    """What a slot may ask of the stack."""

    cpu_count: float | None = Field(default=None, gt=0)
    gpu_count: int | None = Field(default=None, ge=0)
    memory: str | None = Field(default=None, pattern=r"^[0-9]+(KB|KiB|MB|MiB|GB|GiB|TB|TiB)$")


class StackSpec(Strict):
    """ZenML components by type, and what each slot may ask of them."""

    name: Name
    orchestrator: ComponentSpec
    artifact_store: ComponentSpec
    deployer: ComponentSpec | None = None
    data_validator: ComponentSpec | None = None
    resources: dict[Slot, Resources] = {}
