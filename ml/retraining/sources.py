"""Whose labels are not to be believed: those of a source that contradict what the other rows say, too often."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from ml.monitoring.statistics import holm
from schemas.numbers import percent
from schemas.retraining import PoisonSpec, SourceRecord

_STRATA = 4
_SPREAD = 3.0
WITHOUT = "labels without a source"


@dataclass(frozen=True)
class Judged:
    """Labelled rows as far as their labels are judged.

    Attributes:
        sources: Who labelled each row, None where nobody said, (rows,).
        contradicted: Whether the label is one that no model would give, (rows,).
        confidence: Of the version in production in its own prediction, NaN where it has none, (rows,).
        expected: The share that is contradicted where all labels are right, as far as the test set says.
    """

    sources: Sequence[str | None]
    contradicted: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    expected: float


def contradicted_classes(
    labels: NDArray[np.int64], production: NDArray[np.int64], second: NDArray[np.int64] | None
) -> NDArray[np.bool_]:
    """Return which labels neither model gives, (rows,); `second` is None where there is no second opinion."""
    found = np.asarray(labels != production)
    return found if second is None else found & (labels != second)


def contradicted_values(
    labels: NDArray[np.float64],
    production: NDArray[np.float64],
    second: NDArray[np.float64] | None,
    rmse: float | None,
) -> tuple[NDArray[np.bool_], float]:
    """Return which values are further from both predictions than three times the test set's error, (rows,).

    At most a ninth of the values is, whatever the distribution of errors is: that share is returned, too.

    Source:
        P. Chebyshev, Des valeurs moyennes, Journal de mathématiques pures et appliquées 12, 1867.
    """
    distance = np.abs(labels - production)
    if second is not None:
        distance = np.minimum(distance, np.abs(labels - second))
    error = rmse if rmse else float(np.sqrt(np.mean(distance**2))) if len(distance) else 0.0
    return distance > _SPREAD * error, 1 / _SPREAD**2


def judge(rows: Judged, spec: PoisonSpec) -> list[SourceRecord]:
    """Judge every source of labels, those with the most rows first.

    A source is refused when a share of its labels is contradicted that exceeds the expected one by `spec.excess`, and
    chance alone makes that less probable than `spec.significance`, corrected for the number of comparisons. What is
    expected is what holds of the other sources, rows of equal confidence compared with each other, and what the test
    set leads to expect, whichever is plainer.

    Source:
        N. Mantel and W. Haenszel, Statistical aspects of the analysis of data from retrospective studies of disease,
        JNCI 22, 1959 (sources against each other); S. Holm, A simple sequentially rejective multiple test procedure,
        Scandinavian Journal of Statistics 6, 1979. That labels are told wrong by predictions of models which did not
        see them: C. Northcutt, L. Jiang and I. Chuang, Confident Learning, JAIR 70, 2021.
    """
    names = np.array(["" if one is None else f"={one}" for one in rows.sources], dtype=object)
    ordered = sorted(set(names.tolist()), key=lambda name: (-int((names == name).sum()), name))
    enough = [name for name in ordered if (names == name).sum() >= spec.min_rows]
    compared = [(name, *one) for name in enough for one in _comparisons(rows, names == name, spec)]
    adjusted = holm([p for _, _, p, _ in compared])
    found = [(name, expected, p, against) for (name, expected, _, against), p in zip(compared, adjusted, strict=True)]
    return [_record(rows, name, names == name, [one[1:] for one in found if one[0] == name], spec) for name in ordered]


def _comparisons(rows: Judged, mine: NDArray[np.bool_], spec: PoisonSpec) -> list[tuple[float, float, str]]:
    """Return the expected share, the p-value and what it is compared with, for each comparison of one source."""
    count, wrong = int(mine.sum()), int(rows.contradicted[mine].sum())
    of_test = binomtest(wrong, count, min(max(rows.expected, 1e-6), 1.0), alternative="greater").pvalue
    found = [(rows.expected, float(of_test), "the test set leads to expect")]
    others = ~mine
    if others.sum() >= spec.min_rows:
        expected, p_value = _against_others(rows, mine)
        found.append((expected, p_value, "among the other sources' labels for rows like these"))
    return found


def _against_others(rows: Judged, mine: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the share to be expected by the others' rows of equal confidence, and the one-sided p-value."""
    observed = expected = variance = others_share = 0.0
    for stratum in _strata(rows.confidence):
        a, b = mine & stratum, ~mine & stratum
        n1, n2 = float(a.sum()), float(b.sum())
        wrong = float(rows.contradicted[stratum].sum())
        total = n1 + n2
        if n1 == 0 or n2 == 0:
            continue
        observed += float(rows.contradicted[a].sum())
        expected += n1 * wrong / total
        variance += n1 * n2 * wrong * (total - wrong) / (total**2 * (total - 1)) if total > 1 else 0.0
        others_share += n1 * float(rows.contradicted[b].mean())
    compared = sum(float((mine & one).sum()) for one in _strata(rows.confidence) if (~mine & one).any())
    if variance == 0 or compared == 0:
        return 0.0, 1.0
    score = max(observed - expected - 0.5, 0.0) / math.sqrt(variance)
    return others_share / compared, 0.5 * math.erfc(score / math.sqrt(2))


def _strata(confidence: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    known = np.isfinite(confidence)
    if not known.any():
        return [np.ones(len(confidence), dtype=bool)]
    edges = np.unique(np.quantile(confidence[known], np.linspace(0, 1, _STRATA + 1)[1:-1]))
    places = np.where(known, np.searchsorted(edges, np.where(known, confidence, 0.0), side="right"), -1)
    return [np.asarray(places == place) for place in np.unique(places)]


def _record(
    rows: Judged,
    name: str,
    mine: NDArray[np.bool_],
    compared: Sequence[tuple[float, float, str]],
    spec: PoisonSpec,
) -> SourceRecord:
    source, count, wrong = (name[1:] if name else None), int(mine.sum()), int(rows.contradicted[mine].sum())
    share = wrong / count
    shown = WITHOUT if source is None else f"labels of source {source!r}"
    if not compared:
        why = f"{shown}: {count:,} rows, too few to be judged (retrain.poison.min_rows {spec.min_rows})"
        return SourceRecord(source=source, rows=count, contradicted=wrong, why=why)
    alarms = [one for one in compared if share - one[0] >= spec.excess and one[1] < spec.significance]
    expected, p_value, against = min(alarms or compared, key=lambda one: one[1])
    found = f"{shown}: {percent(share)} of {count:,} are contradicted by the model in production and by the other rows"
    why = f"{found}; {percent(expected)} {against}"
    if alarms:
        remedy = "look at where they come from, and let POST /feedback name their source"
        if source is not None:
            remedy = f"look at them, or leave them out: retrain.exclude=[{source}]"
        why = f"{why}. They are not believed; {remedy}"
    return SourceRecord(
        source=source,
        rows=count,
        contradicted=wrong,
        expected=expected,
        p_value=p_value,
        passed=not alarms,
        why=why,
    )
