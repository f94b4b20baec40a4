"""Send 200 rows that the model never saw to an experiment's service, as they are or shifted; then monitoring can judge.

python -m examples.play house_price
python -m examples.play house_price shifted
"""

import random
import sys
from collections.abc import Callable, Mapping

from examples.demo import ROWS, Row, Rows, declared, held_out_rows, play
from ml.sources.packages.gaps import GAP
from ml.split.origin_places import origins_of
from ml.split.origins_params import OriginsParams
from schemas.home import Home
from serving.process import services
from steps.components import create

_FEET_PER_METRE = 3.2808
_HISTORY = 28
"""Points that a row brings, at least as many as are looked at."""


def main(words: list[str]) -> int:
    """Play a window against the service that is deployed; return 2 where the words or the service are missing."""
    name, *how = words or [""]
    if name not in SHIFTS or how not in ([], ["shifted"]):
        sys.stderr.write(f"python -m examples.play NAME [shifted], NAME one of {', '.join(SHIFTS)}\n")
        return 2
    known = services.status(Home.here().root)
    url = next((one.deployment.url for one in known if one.ready and one.deployment.name == name), None)
    if url is None:
        sys.stderr.write(f"no service of {name} answers; deploy it: python run.py +experiment={name}\n")
        return 2
    play(url, window(name, shifted=bool(how)))
    return 0


def window(name: str, *, shifted: bool) -> Rows:
    """Return 200 rows of an experiment's validation and test sets, the same every time, shifted or as they are."""
    rows = validation_origins(name) if declared(name).data.forecasts else held_out_rows(name)
    if shifted:
        rows = [changed for row in rows if (changed := SHIFTS[name](row)) is not None]
    return random.Random(0).sample(rows, min(ROWS, len(rows)))


def validation_origins(name: str) -> Rows:
    """Return what was known at the origins of a forecast that validate, nothing of which was learnt, of every series.

    Those that test are a year of their own, and no year is like all others.
    """
    run = declared(name)
    data = run.data
    assert data.time and data.horizon
    origins = origins_of(OriginsParams.model_validate(run.split.method.params), data.horizon)
    frame = create("load", data.source).read().sort_values(data.time, kind="stable")
    rows: Rows = []
    for key, points in frame.groupby(data.series) if data.series else [(None, frame)]:
        points = points.loc[points[data.target].first_valid_index() :]
        if len(points) < origins.needed(_HISTORY, data.horizon):
            continue  # training never saw it
        values, times = points[data.target].ffill().tolist(), points[data.time].dt.strftime("%Y-%m-%d").tolist()
        first, last = origins.validation_places(len(points) - data.horizon - 1, data.horizon)
        for end in range(first, last + 1):
            row = {data.time: times[end], "history": values[end + 1 - _HISTORY : end + 1]}
            rows.append(row if data.series is None else {data.series: key, **row})
    return rows


def _large_numbers(row: Row) -> Row | None:
    """Only numbers from 512 on: whoever counts has counted on."""
    return row if row["bit_512"] == 1 else None


def _metric_areas(row: Row) -> Row:
    """All areas in square metres: somebody's program has changed the unit."""
    areas = ("Lot_Area", "Gr_Liv_Area", "Total_Bsmt_SF", "Garage_Area")
    return {**row, **{name: round(row[name] / _FEET_PER_METRE**2) for name in areas}}


def _loose_sensor(row: Row) -> Row:
    """Vibrations a third stronger than they are: a sensor has come loose."""
    vibration = row["vibration_mm_s"]
    return row if vibration is None else {**row, "vibration_mm_s": vibration * 1.33}


def _cut_off(row: Row) -> Row:
    """Mails of which somebody's program keeps the first hundred characters."""
    return {**row, "body": (row["body"] or "")[:100] or None}


def _phrases(row: Row) -> Row:
    """Not the whole verse any more, but the two words before the gap and the two behind it."""
    before, _, after = row["sentence"].partition(GAP)
    return {**row, "sentence": " ".join([*before.split()[-2:], GAP, *after.split()[:2]])}


def _quarters(row: Row) -> Row:
    """Sales of three months in one: somebody reports quarters as months."""
    return {**row, "history": [3 * value for value in row["history"]]}


def _fahrenheit(row: Row) -> Row:
    """Degrees of the other scale: a station was replaced."""
    return {**row, "history": [round(1.8 * value + 32, 1) for value in row["history"]]}


SHIFTS: Mapping[str, Callable[[Row], Row | None]] = {
    "batch_size": _loose_sensor,
    "even_odd": _large_numbers,
    "house_price": _metric_areas,
    "missing_word": _phrases,
    "sales": _quarters,
    "spam": _cut_off,
    "temperature": _fahrenheit,
}
"""What happens to a row in a shifted window, by experiment; None: it does not come."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
