"""Run every benchmark one after another: `python -m benchmarks`."""

import subprocess
import sys
from pathlib import Path

NAMES = (
    "compose",
    "training",
    "stacks",
    "service",
    "serving",
    "capacity",
    "texts",
    "monitoring",
    "rules",
    "forecasting",
    "rollouts",
)

for name in NAMES:
    print(f"\n{name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=Path(__file__).resolve().parent.parent, check=True)
