"""Write `pumps.parquet`: invented readings of 60 pumps, each read 40 times, in the order in which they were taken.

    python -m examples.make_pumps [PATH]

The same rows come every time. Wear grows with the hours since the last overhaul, and faster at some sites; vibration,
temperature, current and flow follow it, from a level that is each pump's own. Readings of one pump are therefore alike,
and a model must be tested on pumps that it has never seen. Sensors fail now and then and leave gaps.
"""

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

PUMPS = 60
READINGS = 40
SEED = 20240311
START = datetime(2023, 1, 9, 6)
_SITES = {"north basin": 0.8, "south basin": 1.0, "harbour": 1.35, "quarry": 1.15}
_MODELS = {"KS-40": 2.2, "KS-65": 3.0, "RV-12": 1.6}
COLUMNS = [
    "pump_id", "read_at", "site", "model", "built_on", "hours_since_overhaul", "vibration_mm_s", "temperature_c",
    "current_a", "flow_m3_h", "condition",
]  # fmt: skip


def readings(seed: int = SEED) -> list[list[object]]:
    """Return the readings in the order of the columns; None is a gap."""
    draw = np.random.default_rng(seed)
    found = [row for number in range(PUMPS) for row in _pump(draw, f"P-{number + 101}")]
    return sorted(found, key=lambda row: (row[1], row[0]))


def _pump(draw: np.random.Generator, name: str) -> list[list[object]]:
    site, model = str(draw.choice(list(_SITES))), str(draw.choice(list(_MODELS)))
    built = date(2008, 1, 1) + timedelta(days=int(draw.integers(0, 5000)))
    level = draw.normal(0, 1, size=4) * [0.22, 2.0, 0.5, 1.5]  # what is this pump's own
    speed = _SITES[site] * float(draw.lognormal(0, 0.25))
    timestamp, hours, rows = START + timedelta(hours=int(draw.integers(0, 200))), float(draw.integers(0, 3000)), []
    for _ in range(READINGS):
        step = float(draw.integers(120, 340))
        timestamp, hours = timestamp + timedelta(hours=step), hours + 0.8 * step
        if draw.random() < 0.02 + hours / 60_000:
            hours = float(draw.integers(0, 60))
        wear = speed * hours / 4000 + float(draw.normal(0, 0.06))
        rows.append([name, timestamp, site, model, built, round(hours), *_sensors(draw, wear, _MODELS[model], level)])
    return rows


def _sensors(draw: np.random.Generator, wear: float, size: float, level: np.ndarray) -> list[object]:
    noise = draw.normal(0, 1, size=4)
    vibration = 1.4 + 2.3 * max(wear, 0.0) ** 1.5 + level[0] + 0.22 * noise[0]
    temperature = 41 + 9 * wear + level[1] + 2.0 * noise[1]
    current = 4.5 * size + 1.1 * wear + level[2] + 0.35 * noise[2]
    flow = 21 * size - 4.5 * wear + level[3] + 1.2 * noise[3]
    condition = "normal" if wear < 0.62 else "worn" if wear < 1.05 else "failing"
    values = [round(float(vibration), 2), round(float(temperature), 1), round(float(current), 2), round(float(flow), 1)]
    return [
        *(_gap(draw, value, share) for value, share in zip(values, [0.03, 0.05, 0.01, 0.06], strict=True)),
        condition,
    ]


def _gap(draw: np.random.Generator, value: object, share: float) -> object:
    return None if draw.random() < share else value


def frame() -> "pd.DataFrame":
    """Return the readings as a frame."""
    import pandas as pd

    table = pd.DataFrame(readings(), columns=COLUMNS)
    return table.astype({"site": "category", "model": "category"})


def write(path: Path) -> None:
    """Write the readings as Parquet."""
    frame().to_parquet(path, index=False, compression="zstd")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("pumps.parquet"))
