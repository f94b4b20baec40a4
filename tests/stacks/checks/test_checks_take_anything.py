"""Whatever stands in a stack's settings, the checks give faults and never break."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.execution.stack_needs import unmet
from schemas.stack import StackSpec
from stacks.checks.run import faults, missing
from tests.soak import count
from tests.stacks.checks.filled import DECLARED, filled, flavors

TEXTS = st.sampled_from(
    ["", "x", "a:b", "1", "8+", "s3://", "gs://a..b", "ml.", "n1-standard-4", "T4:x", "/", "{{a.b}}", "é\n"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**9) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["name", "limits"]), inner, max_size=3)
    ),
    max_leaves=6,
)
POD = st.dictionaries(
    st.sampled_from(
        [
            "resources",
            "volumes",
            "volume_mounts",
            "env",
            "tolerations",
            "labels",
            "node_selectors",
            "image_pull_secrets",
        ]
    ),
    VALUES,
)
JOB = st.dictionaries(
    st.sampled_from(["machine_type", "accelerator_type", "accelerator_count", "boot_disk_type"]), VALUES
)


def names(spec: StackSpec, kind: str) -> list[str]:
    flavor = spec.components[kind].flavor
    (found,) = flavors().list_flavors(type=kind, name=flavor).items
    return sorted(found.config_schema["properties"])


@pytest.mark.parametrize("name", DECLARED)
@settings(max_examples=count(25, 500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_checks_of_clouds_never_break(name: str, data: st.DataObject) -> None:
    changes: dict[str, Any] = {}
    for kind in ("orchestrator", "artifact_store", "container_registry"):
        for key in data.draw(st.lists(st.sampled_from(names(filled(name), kind)), max_size=4, unique=True)):
            changes[f"{kind}.settings.{key}"] = data.draw(VALUES)
    if "pod_settings" in names(filled(name), "orchestrator"):
        changes["orchestrator.settings.pod_settings"] = data.draw(POD)
    if name == "vertex":
        changes["orchestrator.settings.custom_job_parameters"] = data.draw(JOB)
    spec = filled(name, changes)
    for fault in faults(spec, sqlite=True):
        assert fault.path.startswith("stack.")
        assert fault.message
    missing(spec)
    unmet(flavors(), spec, sqlite=True)
