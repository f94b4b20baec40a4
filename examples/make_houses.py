"""Write `houses.csv`: invented house sales with what real tables have: gaps, dates, ids, spaces and umlauts in names.

    python examples/make_houses.py [PATH]

The same rows come every time. Area, district, condition, year of building and the day of sale make the price; the
agency moves it a little; the listing's id, unique in every row, and the constant country explain nothing.
"""

import csv
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np

ROWS = 1200
SEED = 20240601
_DISTRICTS = ["Altstadt", "Bahnhof", "Gärten", "Hafen", "Höhe", "Mühle", "Nordend", "Seeufer", "Süd", "Weststadt"]
_DISTRICT_FACTOR = [1.25, 0.85, 1.05, 1.1, 1.2, 0.95, 0.9, 1.5, 1.0, 0.8]
_CONDITIONS = {"new": 1.25, "good": 1.0, "fair": 0.88, "poor": 0.7}
_ENERGY = {"A": 1.06, "B": 1.04, "C": 1.0, "D": 0.98, "E": 0.95, "F": 0.92, "G": 0.88}
_COLUMNS = [
    "listing_id", "agency_id", "Fläche m²", "rooms", "district", "built",
    "condition", "energy class", "balcony", "country", "sold_on", "price",
]  # fmt: skip


def houses(rows: int, seed: int) -> list[list[object]]:
    """Return `rows` sales in the order of the columns; None is a gap."""
    draw = np.random.default_rng(seed)
    agencies = 490_000_000_000 + draw.choice(10**9, size=40, replace=False)
    agency_factor = draw.normal(1.0, 0.03, size=40)
    listings = 7_000_000_000 + np.sort(draw.choice(10**9, size=rows, replace=False))
    return [_sale(draw, int(listing), agencies, agency_factor) for listing in listings]


def _sale(draw: np.random.Generator, listing: int, agencies: np.ndarray, agency_factor: np.ndarray) -> list[object]:
    agency, district = int(draw.integers(40)), int(draw.integers(10))
    area = float(np.clip(draw.lognormal(4.55, 0.35), 25, 320))
    rooms = int(np.clip(round(area / 28 + draw.normal(0, 0.7)), 1, 9))
    built = int(np.clip(draw.normal(1985, 28), 1880, 2024))
    condition = str(draw.choice(list(_CONDITIONS), p=[0.15, 0.5, 0.25, 0.1]))
    energy = str(draw.choice(list(_ENERGY), p=[0.08, 0.15, 0.2, 0.2, 0.17, 0.12, 0.08]))
    balcony = bool(draw.random() < 0.55)
    day = int(draw.integers(0, 5 * 365))
    price = 2900 * area * _DISTRICT_FACTOR[district] * _CONDITIONS[condition] * _ENERGY[energy] * agency_factor[agency]
    price *= (
        (1 + 0.05 * day / 365) * (1 + (built - 1985) * 0.002) * (1.03 if balcony else 1.0) * draw.lognormal(0, 0.07)
    )
    return [
        listing,
        int(agencies[agency]),
        _gap(draw, round(area, 1), 0.02),
        rooms,
        _DISTRICTS[district],
        _gap(draw, built, 0.06),
        _gap(draw, condition, 0.04),
        _gap(draw, energy, 0.12),
        "true" if balcony else "false",
        "DE",
        _gap(draw, (date(2019, 6, 1) + timedelta(days=day)).isoformat(), 0.01),
        int(round(price, -2)),
    ]


def _gap(draw: np.random.Generator, value: object, share: float) -> object:
    return None if draw.random() < share else value


def write(path: Path) -> None:
    """Write the table as UTF-8 with commas."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_COLUMNS)
        table.writerows(houses(ROWS, SEED))


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("houses.csv"))
