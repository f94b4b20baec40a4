"""The version in production, scored on the candidate's test rows if neither was trained on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ml.evaluation.evaluate import target_and_predictions
from ml.evaluation.metrics import scores
from ml.io.scratch import scratch_folder
from ml.package.model import PackagedModel
from ml.split.readings import Reading, read_otherwise
from ml.split.timestamps import century_of, form_of, newer_than, read_timestamps, written
from schemas.base import Strict
from schemas.data import TableSchema
from schemas.errors import PackageError, listed
from schemas.forecast import Forecast
from schemas.package import SplitRecord
from serving.releases.package_cache import fetch
from steps.object_store import reaching


class Production(Strict):
    """Which version is in production, and where its package lies."""

    version: str
    package_url: str


@dataclass(frozen=True)
class Incumbent:
    """Production's metrics on the test rows, or why it cannot be compared."""

    scores: Mapping[str, float | None] | None = None
    not_comparable: str | None = None


def score_production(
    production: Production | None, test_set: pd.DataFrame, schema: TableSchema, plan: SplitRecord
) -> Incumbent:
    """Score the version in production on `test_set`; a row that it may have been trained on makes it incomparable."""
    if production is None:
        return Incumbent()
    try:
        with opened(production) as model:
            reason = _why_not(model, test_set, schema, plan)
            if reason:
                return Incumbent(not_comparable=f"version {production.version} {reason}")
            compared = target_and_predictions(model, test_set, schema.problem)
            return Incumbent(scores=scores(schema.problem.task, *compared))
    except PackageError as error:
        return Incumbent(not_comparable=f"version {production.version} cannot be loaded: {error}")


@contextmanager
def opened(production: Production) -> Iterator[PackagedModel]:
    """Fetch, verify and load the package in production; its folder goes at the end. Raises PackageError."""
    with scratch_folder("production") as cache:
        with reaching(production.package_url):
            root = fetch(production.package_url, production.version, Path(cache))
        yield PackagedModel.open(root)


def _why_not(model: PackagedModel, test_set: pd.DataFrame, schema: TableSchema, plan: SplitRecord) -> str | None:
    split, output, problem = model.manifest.data.split, model.signature.output, schema.problem
    by_time = split.method.name == plan.method.name and plan.ordered is not None and split.by == plan.by
    if by_time:  # cuts move on with time; what counts is which rows were seen
        if reason := _saw(model.manifest.data.newest, test_set, plan, schema):
            return reason
    elif split.hashing != plan.hashing:
        return "drew its rows in another way than this release, so that it may have seen these test rows"
    elif split != plan:
        return "was trained under another split, so that it may have seen these test rows"
    if (output.target, output.task) != (problem.target, problem.task) or output.classes != problem.classes:
        return "solves another problem (target, task or classes differ)"
    if _looks(output.forecast) != _looks(schema.forecast):
        return "forecasts otherwise (horizon, history, frequency or zone differ)"
    return _changed_columns(model, test_set, schema, plan, by_time=by_time)


def _looks(forecast: Forecast | None) -> tuple[object, ...] | None:
    """Return what makes windows comparable."""
    return None if forecast is None else (forecast.horizon, forecast.history, forecast.frequency, forecast.zone)


def _changed_columns(
    model: PackagedModel, test_set: pd.DataFrame, schema: TableSchema, plan: SplitRecord, *, by_time: bool
) -> str | None:
    """Return which columns keep a version of the same split and problem from being compared on these rows."""
    inputs, columns = {item.name for item in model.signature.inputs}, set(map(str, test_set.columns))
    if by_time or plan.method.name == "group":  # one column decides a row's set
        missing = sorted(inputs - columns)
        if missing:
            return f"needs columns that the rows no longer have ({', '.join(missing)})"
        return None if by_time else _drew_otherwise(model, test_set, schema, {str(plan.by)})
    # The whole row decides its set: with other columns every row was drawn anew.
    changed = sorted({*inputs, *model.signature.ignored} ^ (columns - {schema.problem.target}))
    if changed:
        return f"was trained on other columns ({', '.join(changed)} differ), so that it may have seen these test rows"
    return _drew_otherwise(model, test_set, schema, columns)


def _drew_otherwise(model: PackagedModel, test_set: pd.DataFrame, schema: TableSchema, by: set[str]) -> str | None:
    """Return which of the columns that rows are drawn by had their cells read otherwise; packages of old do not say."""
    before, now = model.signature.drawn, schema.drawn
    if before is None or now is None:
        return None
    columns = [column for column in schema.columns if column.name in by]
    readings = Reading(before, model.signature.text), Reading(now, schema.text)
    if changed := read_otherwise(*readings, test_set, columns):
        named = listed([repr(name) for name in changed], 5)
        return f"read the cells of {named} otherwise, so that rows changed their sets and it may have seen these"
    return None


def _saw(newest: str | None, test_set: pd.DataFrame, plan: SplitRecord, schema: TableSchema) -> str | None:
    """Return which test rows a version, whose latest row is from `newest`, may have been trained on."""
    if newest is None:
        return "does not state up to when its rows go, so that it may have seen these test rows"
    assert plan.ordered is not None, "asked of a split by time only"
    timestamps = read_timestamps(test_set, plan.by, form_of(plan.ordered, schema), century_of(plan.ordered, schema))
    newer = newer_than(timestamps, newest)
    if newer is None:
        return f"was trained on rows up to {newest}, which cannot be compared with {written(timestamps.max())}"
    if newer.all():
        return None
    return (
        f"was trained on rows up to {newest} and may have seen {(~newer).sum():,} of the {len(newer):,} test rows, "
        f"which begin at {written(timestamps.min())}"
    )
