"""The lists of what the clouds have are those of their source, and say what a machine has."""

import pytest

from schemas.kubernetes_names import quantity
from schemas.stack import Machine
from stacks.checks.clouds import aws_machines, gcp_machines
from stacks.checks.clouds.aws_lists import from_botocore, lists
from stacks.checks.clouds.machines import gib, in_gib
from stacks.checks.clouds.skypilot import cloud_of


def test_the_lists_of_aws_are_those_of_the_locked_botocore() -> None:
    """After an update of botocore: python -m stacks.checks.clouds.aws_lists."""
    assert lists() == from_botocore()


@pytest.mark.parametrize(
    ("family", "size", "has"),
    [
        ("m5", "xlarge", Machine(cpu_count=4, memory="16GiB")),
        ("c5n", "large", Machine(cpu_count=2, memory="5376MiB")),
        ("r7i", "48xlarge", Machine(cpu_count=192, memory="1536GiB")),
        ("t3", "medium", Machine(memory="4GiB")),
        ("g5", "12xlarge", Machine(cpu_count=48, memory="192GiB", gpu_count=4)),
        ("g6e", "xlarge", Machine(cpu_count=4, memory="32GiB", gpu_count=1)),
        ("p4d", "24xlarge", Machine(cpu_count=96, memory="1152GiB", gpu_count=8)),
        ("i3", "xlarge", Machine()),
        ("m5", "metal", Machine()),
        ("g7e", "2xlarge", None),
    ],
)
def test_a_machine_of_aws_has(family: str, size: str, has: Machine | None) -> None:
    assert aws_machines.has(family, size) == has


def test_machines_with_gpus_of_the_list_are_machines_that_exist() -> None:
    known = aws_machines.ec2().machines
    listed = {f"{family}.{size}" for family, sizes in aws_machines._GPUS.items() for size in sizes}
    assert listed | set(aws_machines._LARGE) <= set(known)
    assert known["m5.xlarge"] == aws_machines.sagemaker("training").machines["ml.m5.xlarge"]


def test_a_machine_of_google_cloud_has() -> None:
    machines = gcp_machines.catalog("Vertex").machines
    assert machines["n1-standard-4"] == Machine(cpu_count=4, memory="15GiB")
    assert machines["g2-standard-24"] == Machine(cpu_count=24, memory="96GiB", gpu_count=2)
    assert gcp_machines.built_in("a2-highgpu-4g") == ("NVIDIA_TESLA_A100", 4)
    assert gcp_machines.attachable("e2-standard-4") == {}


def test_skypilot_has_lists_of_three_clouds() -> None:
    assert cloud_of("vm_kubernetes") is None
    found = cloud_of("vm_lambda")
    assert found is not None
    machine = found.catalog.machines["gpu_8x_h100_sxm5"]
    assert machine is not None
    assert machine.gpu_count == 8


@pytest.mark.parametrize(
    ("text", "value"),
    [("500m", 0.5), ("4Gi", 2**32), ("1e3", 1000), ("2", 2), ("banana", None), ("-1", -1), ("", None)],
)
def test_a_quantity_of_kubernetes(text: str, value: float | None) -> None:
    found = quantity(text)
    assert (None if found is None else float(found)) == value


def test_memory_is_read_and_written() -> None:
    assert gib("4GiB") == 4
    assert gib("1024MiB") == 1
    assert in_gib(2.5) == "2560MiB"
