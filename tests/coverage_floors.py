"""Line and branch coverage, each with its floor: coverage's own `fail_under` knows one figure for both.

`python -m tests.coverage_floors` reads the combined data file, prints both and ends with 1 below a floor.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from coverage import Coverage

FLOORS = {"lines": 95.0, "branches": 88.0}
"""Percent."""


def shares(totals: dict[str, Any]) -> dict[str, float]:
    """Return how much is covered, in percent, of `totals` as in coverage's JSON report."""
    return {
        "lines": 100 * totals["covered_lines"] / totals["num_statements"],
        "branches": 100 * totals["covered_branches"] / totals["num_branches"],
    }


def main() -> int:
    """Print both shares; return 1 if one is below its floor."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "coverage.json")
        measured = Coverage()
        measured.load()
        measured.json_report(outfile=str(report))
        found = shares(json.loads(report.read_text(encoding="utf-8"))["totals"])
    for what, share in found.items():
        print(f"{what} covered: {share:.1f} %, at least {FLOORS[what]:.0f} %")
    return int(any(share < FLOORS[what] for what, share in found.items()))


if __name__ == "__main__":
    sys.exit(main())
