"""What the machine types of AWS have.

Source: the instance type pages of Amazon EC2, November 2026. The sizes of the general families (c, m, r, t, since the
fifth generation) follow a rule; machines with GPUs are listed. Of others it is known only whether they have GPUs, and
of newer families with GPUs nothing but that they exist.
"""

import re
from functools import cache

from schemas.stack import Machine
from stacks.checks.clouds.aws_lists import lists
from stacks.checks.clouds.machines import Catalog, in_gib

_WITH_GPUS = re.compile(r"(?:cg|g|gr|p)[0-9].*")
_GENERAL = re.compile(r"(?P<kind>[cmr])[5-8](?:a|i|g|n|d|b|zn|ad|dn|gd|gn|id|in|idn|i-flex)?")
_GIB_PER_CORE = {"c": 2.0, "m": 4.0, "r": 8.0}
_SMALL = {"medium": 1, "large": 2, "xlarge": 4}
_BURSTING = {"nano": 0.5, "micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
_G5 = {
    "xlarge": 1,
    "2xlarge": 1,
    "4xlarge": 1,
    "8xlarge": 1,
    "12xlarge": 4,
    "16xlarge": 1,
    "24xlarge": 4,
    "48xlarge": 8,
}
_GPUS: dict[str, dict[str, int]] = {
    "g4dn": {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "12xlarge": 4, "16xlarge": 1},
    "g5": _G5,
    "g6": _G5,
    "g6e": _G5,
}
_GPU_GIB_PER_CORE = {"g4dn": 4, "g5": 4, "g6": 4, "g6e": 8}
_LARGE: dict[str, tuple[int, int, int]] = {  # cores, GiB, GPUs
    "p2.xlarge": (4, 61, 1),
    "p2.8xlarge": (32, 488, 8),
    "p2.16xlarge": (64, 732, 16),
    "p3.2xlarge": (8, 61, 1),
    "p3.8xlarge": (32, 244, 4),
    "p3.16xlarge": (64, 488, 8),
    "p3dn.24xlarge": (96, 768, 8),
    "p4d.24xlarge": (96, 1152, 8),
    "p4de.24xlarge": (96, 1152, 8),
    "p5.4xlarge": (16, 256, 1),
    "p5.48xlarge": (192, 2048, 8),
    "p5e.48xlarge": (192, 2048, 8),
    "p5en.48xlarge": (192, 2048, 8),
    "p6-b200.48xlarge": (192, 2048, 8),
}


@cache
def ec2() -> Catalog:
    """Return the machine types of EC2."""
    return Catalog("EC2", _machines(lists()["ec2"], ""))


@cache
def sagemaker(job: str) -> Catalog:
    """Return the machine types of SageMaker's `training` or `processing` jobs."""
    return Catalog(f"SageMaker's {job}", _machines(lists()["sagemaker"][job], "ml."))


def _machines(families: dict[str, str], prefix: str) -> dict[str, Machine | None]:
    return {
        f"{family}.{size}": has(family.removeprefix(prefix), size)
        for family, sizes in families.items()
        for size in sizes.split()
    }


def has(family: str, size: str) -> Machine | None:
    """Return what a machine type has; None where even its GPUs are not known."""
    if f"{family}.{size}" in _LARGE:
        cores, memory, gpus = _LARGE[f"{family}.{size}"]
        return Machine(cpu_count=cores, memory=in_gib(memory), gpu_count=gpus)
    if family in ("t2", "t3", "t3a", "t4g"):
        return Machine(memory=in_gib(_BURSTING[size]))
    cores = _cores(size)
    if cores and size in _GPUS.get(family, ()):
        return Machine(cpu_count=cores, memory=in_gib(cores * _GPU_GIB_PER_CORE[family]), gpu_count=_GPUS[family][size])
    general = _GENERAL.fullmatch(family)
    if general is None or not cores:
        return None if _WITH_GPUS.fullmatch(family) else Machine()
    per_core = 2.625 if family == "c5n" else _GIB_PER_CORE[general["kind"]]
    return Machine(cpu_count=cores, memory=in_gib(cores * per_core))


def _cores(size: str) -> int:
    """Return how many cores a size has, 0 where that is not of the rule (metal)."""
    times = re.fullmatch(r"([0-9]+)xlarge", size)
    return 4 * int(times[1]) if times else _SMALL.get(size, 0)
