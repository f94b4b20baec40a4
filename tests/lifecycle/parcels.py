"""A CSV as people have them, and the experiment of at most 15 lines that a reader would write for it."""

import csv
import random
from pathlib import Path

YAML = """# @package _global_
defaults:
  - override /data: csv
  - override /trainer: random_forest
name: parcels
data:
  path: {path}
  target: Größe der Sendung
  columns:
    customer: {{type: identifier}}
    sent on: {{parts: [year, month, weekday]}}
trainer:
  n_estimators: 60
"""


def parcels(path: Path) -> Path:
    """Write a mixed table: gaps, unicode and blanks in the names, a constant column, one that identifies every row."""
    draw = random.Random(11)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        names = ["row id", "Gewicht in kg", "Stück", "Farbe ✓", "customer", "sent on", "fragile", "país"]
        table.writerow([*names, "Größe der Sendung"])
        for number in range(500):
            weight, chunks = draw.gammavariate(2, 3), draw.randint(1, 9)
            color, fragile = draw.choice(["rot", "grün", "bleu foncé"]), draw.random() < 0.3
            score = weight + chunks + (color == "rot") * 4
            size = "klein" if score < 8 else "mittel" if score < 14 else "groß"
            cells = [
                f"{weight:.3f}",
                chunks,
                color,
                f"K-{draw.randint(1000, 1090)}",
                f"2024-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
                str(fragile).lower(),
            ]
            # The weight has no gaps, so that the service must refuse a row without it.
            gaps = [cells[0], *("" if draw.random() < 0.07 else cell for cell in cells[1:])]
            table.writerow([f"r{number:05}", *gaps, "CH", size])
    return path
