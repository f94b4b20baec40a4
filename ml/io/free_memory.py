"""How much memory this process can still get, from the machine and from the limits that hold it."""

import resource
from collections.abc import Iterator
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Limit, use, and what of the use is a cache that gives way: of a cgroup, version 2 and version 1."""


def free_memory() -> int:
    """Return bytes: the least of what the machine, the control groups of this process and `ulimit -v` leave."""
    return max(0, min([psutil.virtual_memory().available, *_groups(), *_address_space()]))


def _address_space() -> Iterator[int]:
    soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        yield soft - psutil.Process().memory_info().vms


def _groups() -> Iterator[int]:
    """Yield what each control group leaves, from this process's own to the outermost."""
    for folder in _folders():
        for limit, used, cache in _FILES:
            allowed, taken = _number(folder / limit), _number(folder / used)
            if allowed is not None and taken is not None:
                yield allowed - taken + _of_statistics(folder / "memory.stat", cache)


def _folders() -> Iterator[Path]:
    try:
        lines = _OWN.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):  # no Linux, or a path of a container that is no ASCII
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        root = _CGROUP / "memory" if "memory" in controllers.split(",") else _CGROUP
        own = root / place.lstrip("/")
        # A container sees its own group as the root of the tree, while the path is the host's.
        yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(root) and folder.is_dir())


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not there, or `max`
        return None


def _of_statistics(path: Path, name: str) -> int:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)
