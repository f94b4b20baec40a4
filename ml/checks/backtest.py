"""Checks of the windows that were made for a backtest: which series teach nothing, and how much of it was measured."""

import numpy as np

from ml.checks.series import moment_text
from ml.checks.share import share_outcome
from ml.forecasting.backtest import TEST, TRAIN, VALIDATION, Origins
from ml.forecasting.panel import Panel
from ml.forecasting.windows import Windows
from schemas.evaluation import DataCheck
from schemas.forecast import Forecast
from schemas.table_checks import TableChecks

_NAMED = 3


def check_backtest(
    panel: Panel, windows: Windows, origins: Origins | None, forecast: Forecast, bounds: TableChecks
) -> list[DataCheck]:
    """Return the outcome of every check of windows that is not off.

    Args:
        panel: The series.
        windows: Of them, those of every set that is declared with at least one.
        origins: Of the backtest, None with the split of a plug-in.
        forecast: What is asked for.
        bounds: What is declared.
    """
    teaching = windows.series if windows.sets is None else windows.series[windows.sets == TRAIN]
    taught = np.isin(np.arange(len(panel)), teaching)
    found = [*_short(panel, taught, origins, forecast, bounds), *_thinned(windows)]
    return found if origins is None else [*found, *_untested(panel, windows, taught, origins, bounds)]


def why_empty(panel: Panel, windows: Windows, origins: Origins, forecast: Forecast) -> str | None:
    """Return why a set has no window, although series are long enough, and what would be right; None: all have some."""
    assert windows.sets is not None, "a backtest is declared"
    empty = [name for name in (TRAIN, VALIDATION) if not (windows.sets == name).any()]
    if not empty:
        return None
    if not len(windows):
        return (
            f"no window can be made: of every history of {forecast.history} points more than half were not measured, "
            f"or none of the {forecast.horizon} after it"
        )
    newest = int(windows.at.max())
    first, last = origins.validation_places(newest, forecast.horizon)
    wanted = {
        TRAIN: f"training has the origins up to {_moment(panel, first - forecast.horizon)}",
        VALIDATION: f"validation has the origins from {_moment(panel, first)} to {_moment(panel, last)}",
    }
    return (
        f"no window is left for {' and '.join(empty)}: the newest origin is {_moment(panel, newest)}, so "
        f"{' and '.join(wanted[name] for name in empty)}, and there no series has {forecast.history} points of "
        "which half were measured, and one after them; declare fewer origins or a smaller stride (split.origins, "
        "split.stride), a shorter data.history or data.horizon, or leave out rows of a few series that go on after all "
        "others"
    )


def _short(
    panel: Panel, taught: np.ndarray, origins: Origins | None, forecast: Forecast, bounds: TableChecks
) -> list[DataCheck]:
    """Say which series teach nothing: they are not tested either, since nobody could ask for them."""
    bound = bounds.short_series
    if bound.severity == "off":
        return []
    share = float(1 - taught.mean())
    text = f"all {len(panel):,} series have a window that teaches"
    if share:
        named = ", ".join(
            f"{panel.names[one]!r} {panel.lengths[one]:,} from {_moment(panel, int(panel.first[one]))}"
            for one in np.flatnonzero(~taught)[:_NAMED]
        )
        what = f"{forecast.history} points and the {forecast.horizon} after them"
        when = "" if origins is None else " before the origins that validate and test"
        text = (
            f"{int((~taught).sum()):,} of {len(panel):,} series have not {what}{when}, so nothing is learnt of them, "
            f"they are not tested, and the service knows none of them: {named}"
        )
    return [share_outcome("short_series", None, bound, share <= bound.max, share, text)]


def _thinned(windows: Windows) -> list[DataCheck]:
    """Say how many windows were made, and how many of them are used."""
    if not windows.thinned_from:
        return []
    sets = windows.sets if windows.sets is not None else np.full(len(windows), TRAIN)
    parts = [f"{int((sets == name).sum()):,} of {count:,} for {name}" for name, count in windows.thinned_from.items()]
    text = f"windows were thinned evenly to {' and '.join(parts)}, as data.windows declares; all that test are kept"
    return [DataCheck(name="thinned", severity="warn", passed=True, value=len(windows), message=text)]


def _untested(
    panel: Panel, windows: Windows, taught: np.ndarray, origins: Origins, bounds: TableChecks
) -> list[DataCheck]:
    bound = bounds.untested
    if bound.severity == "off" or windows.sets is None:
        return []
    test = windows.sets == TEST
    places = origins.test_places(int(windows.at.max()))
    known, there = int((~np.isnan(windows.target[test])).sum()), int(taught.sum())
    whole = there * len(places) * windows.target.shape[1]
    share = 1 - known / whole
    fewest = min(places.tolist(), key=lambda place: int((windows.at[test] == place).sum()))
    text = (
        f"{known:,} of {whole:,} points ({1 - share:.1%}) that {there:,} series have after {len(places)} test origins "
        f"were measured; fewest at the origin {_moment(panel, fewest)}, with "
        f"{int((windows.at[test] == fewest).sum()):,} of {there:,} series. The scores say nothing of the others"
    )
    return [share_outcome("untested", None, bound, share <= bound.max, share, text)]


def _moment(panel: Panel, place: int) -> str:
    return moment_text(panel.wall(np.array([place]))[0])
