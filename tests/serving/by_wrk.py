"""How much a service answers, by `wrk`: clients that ask again without a pause."""

import subprocess
from pathlib import Path

from tests.serving.steady_load import EVERY


def most_per_second(port: int, body: bytes, seconds: int, connections: int = 4, *, kept: bool = True) -> float:
    """Return how many requests are answered a second, on connections that are kept or each on one of its own."""
    script = Path(__file__).with_name("ask_again.lua")
    command = ["wrk", f"-c{connections}", "-t1", f"-d{seconds}", "-s", str(script), f"http://127.0.0.1:{port}/predict"]
    command += ["--", body.decode(), *([] if kept else ["close"])]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in said.splitlines() if line.startswith("Requests/sec"))
    return float(line.split()[-1])


def most_of_both(port: int, body: bytes, seconds: int) -> float:
    """Return the same of a steady load's mixture: every so many requests one on a connection of its own."""
    kept, single = (most_per_second(port, body, seconds, 32, kept=kept) for kept in (True, False))
    return EVERY / ((EVERY - 1) / kept + 1 / single)
