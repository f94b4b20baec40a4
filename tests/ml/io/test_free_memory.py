"""What is free is the least of what the machine, the control groups and `ulimit -v` leave."""

import subprocess
import sys

import psutil
import pytest

from ml.io import free_memory
from schemas.home import ROOT


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A tree of control groups of version 2: ours is two below the root."""
    own = tmp_path / "cgroup" / "shop" / "job"
    own.mkdir(parents=True)
    (tmp_path / "own").write_text("0::/shop/job\n")
    monkeypatch.setattr(free_memory, "_CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(free_memory, "_OWN", tmp_path / "own")
    return own


def limit(folder, allowed, used, cache=0):
    (folder / "memory.max").write_text(f"{allowed}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {cache}\n")


def test_without_limits_it_is_what_the_machine_has(groups):
    limit(groups, "max", 5_000_000)
    assert 0.5 < free_memory.free_memory() / psutil.virtual_memory().available < 2


def test_the_tightest_control_group_counts_and_caches_give_way(groups):
    limit(groups, 50_000_000, 10_000_000)
    assert free_memory.free_memory() == 40_000_000
    limit(groups.parent, 30_000_000, 25_000_000, cache=20_000_000)
    assert free_memory.free_memory() == 25_000_000
    limit(groups.parent, 30_000_000, 35_000_000)
    assert free_memory.free_memory() == 0


def test_a_group_of_the_first_version_counts(groups, tmp_path):
    (tmp_path / "own").write_text("3:cpu:/shop\n2:memory:/docker/abc\n")
    root = tmp_path / "cgroup" / "memory"
    root.mkdir()
    (root / "memory.limit_in_bytes").write_text("60000000\n")
    (root / "memory.usage_in_bytes").write_text("20000000\n")
    assert free_memory.free_memory() == 40_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to ulimit -v")
def test_ulimit_counts():
    code = "import resource as r; r.setrlimit(r.RLIMIT_AS, (3_000_000_000,) * 2)\n"
    code += "from ml.io.free_memory import free_memory; print(free_memory())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 3_000_000_000
