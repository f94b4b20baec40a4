"""What `run.py --cfg job` costs beside a bare Hydra application on the same conf/: alternating runs, medians, JSON."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from schemas.home import ROOT

ROUNDS = 11
ALLOWED = 1.5
WORDS = ["+experiment=breast_cancer", "--cfg", "job"]
BARE = """import hydra


@hydra.main(version_base=None, config_path={conf!r}, config_name="config")
def main(config):
    pass


main()
"""


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return median seconds of both, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE.format(conf=str(ROOT / "conf")), encoding="utf-8")
        seconds: dict[Path, list[float]] = {ROOT / "run.py": [], bare: []}
        outputs = {script: _run(script, folder)[1] for script in seconds}  # warm: bytecode and file caches
        if len(set(outputs.values())) != 1:
            raise SystemExit("run.py and the bare application compose different configurations")
        for _ in range(rounds):
            for script, times in seconds.items():
                times.append(_run(script, folder)[0])
        ours, theirs = (statistics.median(times) for times in seconds.values())
    return {
        "ours_s": round(ours, 4),
        "bare_hydra_s": round(theirs, 4),
        "ratio": round(ours / theirs, 3),
        "allowed": ALLOWED,
    }


def _run(script: Path, folder: str) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, str(script), *WORDS], cwd=folder, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, done.stdout


if __name__ == "__main__":
    print(json.dumps({"benchmark": "compose", **measure()}))
