"""Whether the rows that a service answered still look like the rows its model learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.monitoring.column_drift import test_column
from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.column_summary import Values
from ml.monitoring.histograms import distribution
from ml.monitoring.hypothesis_tests import Expected
from ml.monitoring.profiles import Profile, known_identifiers, profile
from ml.monitoring.statistics import holm
from ml.monitoring.verdict import conclude, overall
from ml.values.label_text import label, printable
from schemas.base import Scalar
from schemas.monitoring import Distribution, MonitoringReport
from schemas.run import MonitorSpec
from schemas.signature import CategoryDerivation, Signature

Row = Mapping[str, Scalar | None]


@dataclass(frozen=True)
class Window:
    """Rows as columns, and the model's answers to them; a column that no row has is not among `columns`."""

    rows: int
    columns: Mapping[str, Values]
    predictions: Mapping[str, Values]


def window_of(inputs: Sequence[Row], answers: Sequence[Mapping[str, object]], signature: Signature) -> Window:
    """Turn rows as the journal has them into a window.

    Args:
        inputs: Raw values by column, one mapping a row; a value that a row lacks is missing.
        answers: One mapping a row: `label` and perhaps `probabilities` by label, or `value`. None or absent: the
            model abstained.
        signature: The inputs and the task of the version that predicted them.
    """
    present = set().union(*(row.keys() for row in inputs))
    columns: dict[str, Values] = {
        item.name: [row.get(item.name) for row in inputs] for item in signature.inputs if item.name in present
    }
    if signature.output.task == "regression":
        return Window(len(inputs), columns, {"value": [answer.get("value") for answer in answers]})
    predictions: dict[str, Values] = {"label": [answer.get("label") for answer in answers]}
    confidence = [_confidence(answer.get("probabilities")) for answer in answers]
    if any(value is not None for value in confidence):
        predictions["confidence"] = confidence
    return Window(len(inputs), columns, predictions)


def window_profile(window: Window, signature: Signature) -> Profile:
    """Return the window's profile, which may be merged with others and compared later."""
    kinds = {item.name: item.type for item in signature.inputs}
    return profile(window.columns, kinds, known_identifiers(signature), window.predictions)


def detect(
    reference: bytes,
    window: Window,
    signature: Signature,
    spec: MonitorSpec,
    *,
    model: str,
    version: str,
    first: str | None = None,
    last: str | None = None,
) -> MonitoringReport:
    """Compare a window with the reference profile of the package that answered it.

    A column drifts when a distance or share is above its tolerance AND improbable by chance, after correction for all
    questions asked of the window. Overall, schema_alarm outweighs drift, drift no_verdict, and no_verdict ok.

    Args:
        reference: `reference.bin` of the package.
        window: From `window_of`, or columns as arrays.
        signature: The package's signature.
        spec: Tolerances, significance and the fewest rows for a verdict.
        model: The model's name, for the report.
        version: The version that answered.
        first: Time of the first row, for the report.
        last: Time of the last row.

    Raises:
        PackageError: If the reference is not a profile. Never for what the window holds.
    """
    before, now = Profile.from_bytes(reference), window_profile(window, signature)
    expectations = _expectations(signature)
    tested = [
        test_column(name, before.column(name), now.column(name), expected, window.rows, spec)
        for name, expected in expectations.items()
    ]
    answer = "value" if signature.output.task == "regression" else "label"
    tested.append(
        test_column("prediction", before.prediction(answer), now.prediction(answer), Expected(), window.rows, spec)
    )
    chances = iter(holm([check.p_value for column in tested for check in column.checks]))
    drifts = [conclude(column, [next(chances) for _ in column.checks], spec) for column in tested]
    verdict, why = overall(drifts[:-1], drifts[-1], window.rows, spec)
    return MonitoringReport(
        model=model,
        version=version,
        verdict=verdict,
        why=why,
        rows=window.rows,
        first=first,
        last=last,
        columns=drifts[:-1],
        predictions=drifts[-1],
        distributions=_distributions({name: (before.column(name), now.column(name)) for name in expectations}),
        prediction_distributions=_distributions(
            {name: (before.prediction(name), now.prediction(name)) for name in (answer, "confidence")}
        ),
    )


def _expectations(signature: Signature) -> dict[str, Expected]:
    known: dict[str, list[str]] = known_identifiers(signature)
    for derivation in signature.derivations:
        if isinstance(derivation, CategoryDerivation):
            known[derivation.column] = derivation.categories
    labels = {item.name: [*known.get(item.name, []), *(item.categories or [])] for item in signature.inputs}
    return {
        item.name: Expected(frozenset(label(text) for text in labels[item.name]) or None, item.range, item.nullable)
        for item in signature.inputs
    }


def _confidence(probabilities: object) -> float | None:
    if not isinstance(probabilities, Mapping):
        return None
    return max((value for value in probabilities.values() if isinstance(value, int | float)), default=None)


def _distributions(pairs: Mapping[str, tuple[ColumnProfile | None, ColumnProfile | None]]) -> list[Distribution]:
    found = (distribution(printable(name), *pair) for name, pair in pairs.items())
    return [one for one in found if one is not None]
