"""What the `training` pipeline costs beside a trivial two-step ZenML pipeline in the same environment.

CPU seconds of whole processes, no step reused, alternating runs, medians, one JSON line.
At most 1.15 times is promised.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from schemas.home import ROOT

ROUNDS = 5
ALLOWED = 1.15
TRIVIAL = '''from zenml import pipeline, step


@step
def one() -> int:
    """Give a number."""
    return 1


@step
def two(number: int) -> int:
    """Add to it."""
    return number + 1


@pipeline(enable_cache=False)
def trivial() -> None:
    """Two steps."""
    two(one())


if __name__ == "__main__":
    trivial()
'''


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "trivial.py"
        script.write_text(TRIVIAL, encoding="utf-8")
        commands = {
            "trivial": [sys.executable, str(script)],
            "training": [sys.executable, str(ROOT / "run.py"), "+experiment=breast_cancer", "pipeline=training"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for round_number in range(ROUNDS + 1):
            for name, command in commands.items():
                spent = _cpu(command, Path(folder), name, round_number)
                if round_number:  # the first round creates ZenML's store and fills the caches, of parsed source too
                    seconds[name].append(spent)
    ours, theirs = statistics.median(seconds["training"]), statistics.median(seconds["trivial"])
    result = {"training_cpu_s": round(ours, 2), "trivial_cpu_s": round(theirs, 2), "ratio": round(ours / theirs, 2)}
    print(json.dumps({"benchmark": "training", **result, "allowed": ALLOWED}))


def _cpu(command: list[str], folder: Path, name: str, round_number: int) -> float:
    """Return the CPU seconds of a command, whose source was parsed before, as a person's is.

    A seed of its own keeps every round from reusing the last one's training.
    """
    environment = {
        **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
        "ZENML_CONFIG_PATH": str(folder / "zenml"),
        "DRIVETRAIN_HOME": str(folder / "home"),
        "ZENML_ANALYTICS_OPT_IN": "false",
    }
    words = [*command, f"seed={round_number}", f"split.salt=round-{round_number}"] if name == "training" else command
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
