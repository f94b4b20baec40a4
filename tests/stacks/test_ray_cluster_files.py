"""The shipped files that start a cluster: Ray's own schema takes them, and they say what a cluster of ours needs."""

from importlib.metadata import version
from typing import Any

import pytest
import yaml

from schemas.home import ROOT
from schemas.stack import Resources
from stacks.ray import probe

FOLDER = ROOT / "examples" / "ray"
LAUNCHER = ("aws", "gcp")


def cluster(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LAUNCHER)
def test_rays_own_schema_takes_it(name: str) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(cluster(name)))


@pytest.mark.parametrize("name", LAUNCHER)
@pytest.mark.parametrize("mistake", [{"max_worker": 3}, {"setup_commands": "make"}, {"max_workers": "many"}])
def test_rays_schema_refuses_what_it_does_not_know(name: str, mistake: dict[str, Any]) -> None:
    import jsonschema
    from ray.autoscaler._private.util import prepare_config, validate_config

    with pytest.raises((jsonschema.ValidationError, ValueError, TypeError)):
        validate_config(prepare_config(cluster(name) | mistake))


@pytest.mark.parametrize("name", LAUNCHER)
def test_every_machine_starts_rays_program_of_the_locked_environment_and_reports_nothing_home(name: str) -> None:
    found = cluster(name)
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        starts = [command for command in found[key] if " start " in command]
        assert starts and all("drivetrain/.venv/bin/ray start" in command for command in starts)
        assert all("RAY_USAGE_STATS_ENABLED=0" in command for command in starts)
    assert any("--require-hashes -r requirements.lock" in command for command in found["setup_commands"])
    assert "--include-dashboard=false" in found["head_start_ray_commands"][-1]


@pytest.mark.parametrize("name", LAUNCHER)
def test_a_step_with_a_gpu_fits_a_machine_that_the_cluster_may_start(name: str) -> None:
    machines = tuple(kind["resources"] for kind in cluster(name)["available_node_types"].values())
    shipped = yaml.safe_load((ROOT / "conf" / "stack" / "ray_gpu.yaml").read_text(encoding="utf-8"))
    asked = Resources.model_validate(shipped["resources"]["train"])
    assert asked.gpu_count == 1
    assert probe.fits(probe.Cluster("", "", (), machines), {"CPU": 1.0, "GPU": 1.0})


def test_the_one_for_kubernetes_has_the_locked_ray_and_pods_that_ask_for_what_they_may_use() -> None:
    found = cluster("kuberay")
    assert (found["apiVersion"], found["kind"]) == ("ray.io/v1", "RayCluster")
    assert found["spec"]["rayVersion"] == version("ray")
    groups = [found["spec"]["headGroupSpec"], *found["spec"]["workerGroupSpecs"]]
    for group in groups:
        (container,) = group["template"]["spec"]["containers"]
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values()), "KubeRay takes texts alone"
    assert groups[1]["minReplicas"] <= groups[1]["replicas"] <= groups[1]["maxReplicas"]
    assert groups[1]["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
