"""Write `ledger.db`: the invented ledger of a company of 12 products, two years of bookings in one SQLite table.

    python -m examples.make_ledger [PATH]

The same rows come every time. A product has a long number, a season, a trend and customers who book at odd times;
of revenue by month there is nothing in the table: a query has to add it up.
"""

import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

SEED = 20241231
START = datetime(2023, 1, 1)
MONTHS = 24
PRODUCTS = 12
_A_MONTH = 14
_TABLE = """
CREATE TABLE ledger (
    booking INTEGER PRIMARY KEY, booked_at TEXT NOT NULL, product_id TEXT NOT NULL, quantity INTEGER NOT NULL,
    amount REAL NOT NULL
)
"""
Booking = tuple[int, str, str, int, float]


def product_ids(draw: np.random.Generator) -> list[str]:
    """Return the numbers of the products, as long as a system that numbers everything makes them."""
    return [
        f"{draw.choice(['DE', 'AT', 'CH'])}-{draw.integers(10**12, 10**13)}-{draw.integers(10**5, 10**6):06}-"
        f"{draw.choice(['BLK', 'WHT', 'RED'])}-{draw.choice(['S', 'M', 'L', 'XL'])}"
        for _ in range(PRODUCTS)
    ]


def bookings(seed: int = SEED) -> list[Booking]:
    """Return all bookings, oldest first."""
    draw = np.random.default_rng(seed)
    found: list[tuple[datetime, str, int, float]] = []
    for product in product_ids(draw):
        price, phase, trend = float(draw.lognormal(3, 0.6)), draw.uniform(0, 12), float(draw.normal(0.004, 0.008))
        for month in range(MONTHS):
            season = 1 + 0.5 * np.sin(2 * np.pi * (month - phase) / 12)
            first = datetime(START.year + month // 12, month % 12 + 1, 1)
            for _ in range(1 + draw.poisson(_A_MONTH * season * np.exp(trend * month))):
                quantity = 1 + int(draw.poisson(2))
                moment = first + timedelta(minutes=int(draw.integers(28 * 24 * 60)))
                found.append((moment, product, quantity, round(quantity * price * float(draw.uniform(0.9, 1.0)), 2)))
    found.sort()
    return [
        (place, moment.isoformat(" "), product, quantity, amount)
        for place, (moment, product, quantity, amount) in enumerate(found, start=1)
    ]


def write(path: Path) -> None:
    """Write the table into a new SQLite file, in place of one that is there."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(draft)) as connection, connection:
        connection.execute(_TABLE)
        connection.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?, ?)", bookings())
    draft.replace(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("ledger.db"))
