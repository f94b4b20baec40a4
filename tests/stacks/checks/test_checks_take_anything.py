"""Whatever stands in a stack's settings, the checks give faults and never break."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.execution.stack_needs import unmet
from schemas.stack import StackSpec
from stacks.checks.run import faults, missing
from tests.soak import count
from tests.stacks.checks.filled import DECLARED, filled, flavors

ODD = ["0", "-4", "0.0+", "1e9999999", "1e-9999999", "9" * 5000, "T4:" + "9" * 5000, "²", "²-³", "inf", "s3://[", "a:²"]
TEXTS = st.sampled_from(
    ["", "x", "a:b", "1", "8+", "s3://", "gs://a..b", "ml.", "n1-standard-4", "T4:x", "/", "{{a.b}}", "é\n", *ODD]
)
NUMBERS = st.integers(-5, 10**9) | st.floats() | st.sampled_from([-1, 0, 0.0, 10**400, -(10**400), 1e-9, 1e300])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
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


KUBECONFIG = VALUES | st.fixed_dictionaries({"contexts": VALUES | st.lists(st.fixed_dictionaries({"name": VALUES}))})
DAEMONS = st.sampled_from(["", "ssh://x", "unix://", "unix:///gone", "tcp://", "tcp://127.0.0.1:1"]) | st.sampled_from(
    ["tcp://host:abc", "tcp://127.0.0.1:99999", "tcp://[::1", "tcp://[x]:1", "x", ":"]
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for the files that are looked at beside the stack."""
    return tmp_path_factory.mktemp("home")


def names(spec: StackSpec, kind: str) -> list[str]:
    flavor = spec.components[kind].flavor
    (found,) = flavors().list_flavors(type=kind, name=flavor).items
    return sorted(found.config_schema["properties"])


@pytest.mark.untraced
@pytest.mark.parametrize("name", DECLARED)
@settings(max_examples=count(25, 500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_checks_of_clouds_never_break(name: str, home: Path, data: st.DataObject) -> None:
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
    (home / "config").write_text(yaml.safe_dump(data.draw(KUBECONFIG), allow_unicode=True), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(home / "config"))
        patch.setenv("DOCKER_HOST", data.draw(DAEMONS))
        missing(spec)
        unmet(flavors(), spec, sqlite=True)
