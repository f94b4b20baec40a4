"""Whether the rows that a service predicted still look like the rows its model learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.features.summaries import summaries, summarized
from ml.monitoring.column_drift import assess_column
from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.column_summary import Values
from ml.monitoring.detectable import detectable
from ml.monitoring.expected import Expected
from ml.monitoring.histograms import distribution
from ml.monitoring.profiles import Profile, profile
from ml.monitoring.statistics import holm
from ml.monitoring.verdict import conclude, overall
from ml.predictions.codec import LABEL, VALUE, Record, own_labels, record_columns
from ml.validation.rows import Validator
from ml.values.label_text import label, printable
from schemas.column_names import composed
from schemas.errors import PackageError
from schemas.monitoring import Distribution, MonitoringReport
from schemas.run import MonitorSpec
from schemas.signature import Signature

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Window:
    """Rows as columns, and the model's predictions for them; a column that no row has is not among `columns`.

    In the place of an array stand the columns of its summary, `INPUT.NAME`.
    """

    rows: int
    columns: Mapping[str, Values]
    predictions: Mapping[str, Values]


def window_of(inputs: Sequence[Row], records: Sequence[Record], signature: Signature) -> Window:
    """Turn rows as the journal has them into a window.

    Args:
        inputs: Raw values by column, one mapping a row; a value that a row lacks is missing.
        records: What was predicted, as `ml.predictions.codec` writes it; a label that is None: the model abstained.
        signature: The inputs and the task of the version that predicted them.
    """
    present = {composed(name) for name in set().union(*(row.keys() for row in inputs))}
    read = Validator(signature).read(inputs)
    columns = {name: values for name, values in read.items() if composed(name) in present}
    predicted = record_columns(records, signature.output)
    if LABEL in predicted:
        predicted[LABEL] = own_labels(records, signature.output)
    return Window(len(inputs), summarized(columns, signature.inputs, signature.vocabularies()), predicted)


def window_profile(window: Window, signature: Signature) -> Profile:
    """Return the window's profile, which may be merged with others and compared later."""
    kinds = {one.column: one.type for one in summaries(signature.inputs)}
    return profile(window.columns, kinds, signature.identifiers(), window.predictions)


def _training(reference: bytes) -> Profile:
    try:
        return Profile.from_bytes(reference)
    except PackageError as error:
        raise PackageError(f"reference.bin of the package: {error}") from error


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
    """Compare a window with the reference profile of the package that predicted it.

    A column drifts when a distance or share is above its tolerance AND improbable by chance, after correction for all
    hypothesis tests of the window. Overall, schema_alarm outweighs drift, drift no_verdict, and no_verdict ok.

    Args:
        reference: `reference.bin` of the package.
        window: From `window_of`, or columns as arrays.
        signature: The package's signature.
        spec: Tolerances, significance and the fewest rows for a verdict.
        model: The model's name, for the report.
        version: The version that predicted.
        first: Time of the first row, for the report.
        last: Time of the last row.

    Raises:
        PackageError: If the reference is not a profile. Never for what the window holds.
    """
    before, now = _training(reference), window_profile(window, signature)
    expectations = _expectations(signature)
    assessed = [
        assess_column(name, before.column(name), now.column(name), expected, window.rows, spec)
        for name, expected in expectations.items()
    ]
    predicted = VALUE if signature.output.task in ("regression", "forecast") else LABEL
    assessed.append(
        assess_column(
            "prediction", before.prediction(predicted), now.prediction(predicted), Expected(), window.rows, spec
        )
    )
    p_values = [result.p_value for column in assessed for result in column.results]
    chances = iter(holm(p_values))
    changes = [detectable(column, len(p_values), spec) for column in assessed]
    drifts = [
        conclude(column, [next(chances) for _ in column.results], found, spec)
        for column, found in zip(assessed, changes, strict=True)
    ]
    of_inputs = [change for found in changes[:-1] for change in found]
    verdict, why = overall(drifts[:-1], drifts[-1], of_inputs, window.rows, spec)
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
        detectable=of_inputs,
        prediction_detectable=changes[-1],
        distributions=_distributions({name: (before.column(name), now.column(name)) for name in expectations}),
        prediction_distributions=_distributions(
            {name: (before.prediction(name), now.prediction(name)) for name in (predicted, "confidence")}
        ),
    )


def _expectations(signature: Signature) -> dict[str, Expected]:
    known, inputs = signature.known_values(), {item.name: item for item in signature.inputs}
    found: dict[str, Expected] = {}
    for one in summaries(signature.inputs):
        item = inputs[one.input]
        labels = frozenset(label(text) for text in [*known.get(item.name, []), *(item.categories or [])])
        found[one.column] = Expected(labels or None, item.range, item.nullable)
    return found


def _distributions(pairs: Mapping[str, tuple[ColumnProfile | None, ColumnProfile | None]]) -> list[Distribution]:
    found = (distribution(printable(name), *pair) for name, pair in pairs.items())
    return [one for one in found if one is not None]
