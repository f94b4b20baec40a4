"""What the declared bound on memory means on this machine."""

from ml.io.free_memory import free_memory
from ml.values.memory_bound import MemoryBound, gigabytes
from schemas.numbers import percent
from schemas.run import PackageSpec

_SHARE = 0.75  # of what is free; estimates may be wrong by a third, and other programs want some


def memory_bound(spec: PackageSpec) -> MemoryBound:
    """Return how much memory the making of a packaged form may take, now and here."""
    if spec.memory == "auto":
        free = free_memory()
        return MemoryBound(
            int(free * _SHARE), f"{percent(_SHARE, 0)} of the {gigabytes(free)} that are free (package.memory)"
        )
    allowed = spec.memory * 2**20
    return MemoryBound(allowed, f"the {gigabytes(allowed)} of package.memory={spec.memory}")
