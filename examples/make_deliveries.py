"""Write `deliveries.db`: invented parcel deliveries of 18 months, one SQLite table, in the order of their dates.

    python -m examples.make_deliveries [PATH]

The same rows come every time. How long a parcel takes follows from distance, weather, carrier, express, weight, the
depot and the hour and day of the order; whether it is late is known only when it has arrived. Over the months distances
grow and one carrier gains orders.
"""

import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

ROWS = 2000
SEED = 20240907
START = datetime(2023, 7, 1, 6)
DAYS = 548
_CARRIERS = {"ParcelOne": 0.2, "NordPost": -0.9, "Swift": -0.5, "RegioFracht": 0.9}
_DEPOTS = {"Bremen": 0.0, "Köln": 0.5, "Leipzig": -0.4, "Graz": 0.2, "Zürich": -0.2}
_WEATHER = {"clear": -0.5, "rain": 0.3, "snow": 1.5, "storm": 3.2}
_NOTES = {
    "leave at the door": 0.3, "call first": 0.24, "fragile": 0.2, "ring twice": 0.18,
    "URGENT: spare part": 0.05, "URGENT: medicine": 0.03,
}  # fmt: skip
_TABLE = """
CREATE TABLE deliveries (
    order_id INTEGER PRIMARY KEY, ordered_at TEXT NOT NULL, depot TEXT NOT NULL, carrier TEXT NOT NULL,
    express BOOLEAN NOT NULL, distance_km REAL, weight_kg REAL, items INTEGER NOT NULL, weather TEXT, note TEXT,
    outcome TEXT NOT NULL
)
"""
COLUMNS = [
    "order_id", "ordered_at", "depot", "carrier", "express", "distance_km", "weight_kg", "items", "weather", "note",
    "outcome",
]  # fmt: skip


def deliveries(rows: int = ROWS, seed: int = SEED) -> tuple[list[list[object]], list[float]]:
    """Return `rows` deliveries in the order of the columns, None for a gap, and by how many hours each was late.

    The hours are not in the table: nobody knows them when an order is placed.
    """
    draw = np.random.default_rng(seed)
    minutes = np.sort(draw.choice(DAYS * 14 * 60, size=rows, replace=False))
    orders = [START + timedelta(days=int(minute // 840), minutes=int(minute % 840)) for minute in minutes]
    found = [_delivery(draw, 500_001 + place, timestamp) for place, timestamp in enumerate(orders)]
    return [row for row, _ in found], [late for _, late in found]


def _delivery(draw: np.random.Generator, order: int, timestamp: datetime) -> tuple[list[object], float]:
    age = (timestamp - START).days / DAYS
    depot = str(draw.choice(list(_DEPOTS), p=[0.3, 0.25, 0.2, 0.15, 0.1]))
    carrier = str(draw.choice(list(_CARRIERS), p=[0.35 - 0.1 * age, 0.25, 0.2 + 0.1 * age, 0.2]))
    express = bool(draw.random() < 0.3)
    distance = float(np.clip(draw.gamma(2.2, 95 + 8 * age), 3, 1100))
    weight = float(np.clip(draw.lognormal(1.1, 0.9), 0.1, 60))
    winter = 0.12 if timestamp.month in (12, 1, 2) else 0.02
    weather = str(draw.choice(list(_WEATHER), p=[0.58 - winter, 0.31, winter, 0.11]))
    note = str(draw.choice(list(_NOTES), p=list(_NOTES.values()))) if draw.random() < 0.6 else None
    hours = 0.009 * (distance - 210) + 0.05 * (weight - 5) + _CARRIERS[carrier] + _DEPOTS[depot] + _WEATHER[weather]
    hours += -1.3 if express else 0.4
    hours += 1.6 if timestamp.weekday() >= 4 and timestamp.hour >= 13 else -0.4  # the weekend comes in between
    hours += 1.2 if weight > 12 and carrier == "Swift" else 0.0
    hours += -0.6 if note is not None and note.startswith("URGENT") else 0.0
    hours += float(draw.normal(0, 0.8)) + 0.1 * age - 0.35
    row: list[object] = [order, timestamp.isoformat(), depot, carrier, express, _gap(draw, round(distance, 1), 0.03)]
    row += [_gap(draw, round(weight, 2), 0.05), 1 + int(draw.poisson(1.1)), _gap(draw, weather, 0.02), note]
    return [*row, "late" if hours > 0 else "on time"], hours


def _gap(draw: np.random.Generator, value: object, share: float) -> object:
    return None if draw.random() < share else value


def write(path: Path) -> None:
    """Write the table into a new SQLite file, in place of one that is there."""
    rows, _ = deliveries()
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(draft)) as connection, connection:
        connection.execute(_TABLE)
        connection.executemany(f"INSERT INTO deliveries VALUES ({', '.join('?' * len(COLUMNS))})", rows)
    draft.replace(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("deliveries.db"))
