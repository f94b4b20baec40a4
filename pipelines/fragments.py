"""What several pipelines begin with: rows, their schema, the three sets, the data checks; and a fitted candidate."""

from dataclasses import dataclass
from typing import Any

from ml.split.hashing import HASHING
from pipelines.execution.context import RunContext
from pipelines.wiring import wired
from schemas.package import SplitRecord
from schemas.run import Run
from steps import registry
from steps.evaluate.scores import evaluate
from steps.features.signature import fit_features
from steps.load.rows import load
from steps.split.sets import split
from steps.train.model import train
from steps.validate.checks import data_gate, validate_data
from steps.validate.schema import infer_schema


@dataclass(frozen=True)
class Sets:
    """Outputs of the steps from `load` to `validate_data`."""

    rows: Any
    schema: Any
    train: Any
    validation: Any
    test: Any
    report: Any
    page: Any
    latest: Any = None
    """Of a forecast: the last points of every series."""


@dataclass(frozen=True)
class Candidate:
    """Outputs of the steps from `data_gate` to `evaluate`: the model and its baseline, scored on the validation set."""

    model: Any
    baseline: Any
    evaluation: Any
    baseline_evaluation: Any


def split_record(run: Run, now: RunContext) -> SplitRecord:
    """Return what decides which rows are test rows."""
    plan = run.split
    return SplitRecord(
        method=plan.method, salt=now.salt, test=plan.test, validation=plan.validation, by=plan.by, hashing=HASHING
    )


def checked_sets(run: Run, now: RunContext) -> Sets:
    """Load the rows, infer their schema, split and check them."""
    stack = run.stack
    loading = load.with_options(enable_cache=now.fingerprint is not None)
    load_rows = wired(loading, "load", stack, ("load", run.data.source), local=now.local_source)
    data = run.data
    rows, written = load_rows(
        source=data.source, missing=data.missing, arrays=data.arrays, target=data.reading, fingerprint=now.fingerprint
    )
    schema = wired(infer_schema, "infer_schema", stack)(
        rows=rows, written=written, data=run.data, group=run.split.group
    )
    series = latest = None
    if data.forecasts:
        from steps.windows.rows import windows  # a table does without all that it imports

        cut = wired(windows, "windows", stack)
        rows, schema, series, latest = cut(rows=rows, schema=schema, data=data, plan=run.split)
    train_set, validation_set, test_set = wired(split, "split", stack, ("split", run.split.method))(
        rows=rows, schema=schema, plan=run.split, salt=now.salt
    )
    report, page = wired(validate_data, "validate_data", stack)(
        rows=rows,
        train_set=train_set,
        validation_set=validation_set,
        test_set=test_set,
        schema=schema,
        data=run.data,
        time=run.split.time,
        group=run.split.group,
        series=series,
    )
    return Sets(rows, schema, train_set, validation_set, test_set, report, page, latest)


def candidate(run: Run, now: RunContext, sets: Sets) -> Candidate:
    """Train the model and its baseline, and score both on the validation set; the test set stays sealed."""
    stack = run.stack
    wired(data_gate, "data_gate", stack)(
        report=sets.report,
        schema=sets.schema,
        trainer=run.trainer,
        baseline=run.baseline,
        metric=run.metric,
        gate=run.gate,
        review=run.review,
    )
    signature = wired(fit_features, "fit_features", stack)(
        train_set=sets.train,
        schema=sets.schema,
        latest=sets.latest,
        text_as=registry.lookup("train", run.trainer.name).text_as,
        after=["data_gate"],
    )
    fitting = {
        "train_set": sets.train,
        "validation_set": sets.validation,
        "schema": sets.schema,
        "signature": signature,
        "seed": run.seed,
        "ordered": run.split.ordered,
        "bounds": run.package,
    }
    model = wired(train, "train", stack, ("train", run.trainer))(trainer=run.trainer, review=run.review, **fitting)
    baseline = wired(train, "train_baseline", stack, ("train", run.baseline))(
        trainer=run.baseline, review=None, **fitting
    )
    evaluation, baseline_evaluation = wired(evaluate, "evaluate", stack)(
        candidate=model,
        baseline=baseline,
        validation_set=sets.validation,
        schema=sets.schema,
        metric=run.metric,
        seed=run.seed,
    )
    return Candidate(model, baseline, evaluation, baseline_evaluation)
