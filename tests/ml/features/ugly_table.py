"""A table whose names and values are everything that a page and a YAML file can stumble over."""

import csv
import random
from pathlib import Path

SCRIPT = '<script>alert("x")</script>'
IMAGE = "<img src=x onerror=alert(1)>"
NAMES = [
    "token", "Größe in m²", "yes", "null", "1e5", "12", "a: b # c", "it's \"quoted\"", "مرحبا بالعالم", "名前 🎉",
    SCRIPT, IMAGE, "x" * 300, "${oc.env:HOME}", "???", "@package", "/data", "gekauft am", "müde?", "Anteil", "const",
    "empty", "mixed", "target.name", "-", "{a}", "_target_",
]  # fmt: skip
TARGET = "Ziel: ja/nein?"


def write_ugly(path: Path, rows: int = 400, seed: int = 3) -> Path:
    """Write the table; `token` has a value of its own in every row."""
    draw = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow([*NAMES, TARGET])
        for number in range(rows):
            table.writerow(_row(draw, number))
    return path


def _row(draw: random.Random, number: int) -> list[object]:
    size, word, gap = draw.gauss(80, 20), draw.choice(["ja", "no", "1e5", "???", "${x}", "yes"]), draw.random() < 0.2
    inputs = [
        f"token-{number:05}-",
        "" if gap else f"{size:.2f}",
        draw.choice(["yes", "no"]),
        word,
        draw.choice(["1e5", "2e5", "3e5"]),
        draw.randint(0, 5),
        draw.choice(["#1", "- 2", "{3}"]),
        "" if gap else draw.choice(["'", '"', "\\"]),
        draw.choice(["שלום", "مرحبا", "x\u202ey"]),
        draw.choice(["👍", "👎"]),
        draw.choice(["</script><b>", "ok", "a:b", "🎉"]),
        draw.choice([IMAGE, "&amp;"]),
        draw.choice(["y" * 500, "z"]),
        draw.choice(["${a}", "b"]),
        draw.randint(0, 10**9) / 7,
        draw.choice("AB"),
        draw.expovariate(1e-6),
        f"{draw.randint(1, 28):02}.{draw.randint(1, 12):02}.{draw.randint(2018, 2024)}",
        draw.choice(["true", "false", ""]),
        f"{draw.randint(1, 99)}%",
        "x",
        "",
        "unbekannt" if number % 20 == 0 else draw.randint(0, 90),
        draw.gauss(0, 1),
        draw.choice(["-", "+"]),
        f"w{draw.randint(0, 90)}",
        draw.choice(["a", "b"]),
    ]
    likes = size + 10 * (word == "yes") + draw.gauss(0, 10) > 80
    return [*inputs, "Ja" if likes else draw.choice(["nein", "nein", "weiß nicht"])]
