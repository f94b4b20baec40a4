"""What several pipelines share: rows, their schema, three sets, data checks; a fitted candidate; its package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.split.hashing import HASHING
from pipelines.execution.context import RunContext, is_local
from pipelines.wiring import profiled, wired
from schemas.package import Naming, SplitRecord
from schemas.run import Run
from steps import registry
from steps.evaluate.scores import evaluate, open_test_set
from steps.features.signature import fit_features
from steps.gate.judgement import gate
from steps.load.rows import load
from steps.package.profile import profile
from steps.package.register import register
from steps.package.seal import package
from steps.split.sets import split
from steps.train.model import train
from steps.validate.checks import data_gate, validate_data
from steps.validate.schema import infer_schema


@dataclass(frozen=True)
class Drawn:
    """Outputs of the steps from `load` to `split`; of a forecast also the last points of every series."""

    rows: Any
    schema: Any
    train: Any
    validation: Any
    test: Any
    series: Any = None
    latest: Any = None


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
    return validated(run, drawn_sets(run, now))


def drawn_sets(run: Run, now: RunContext) -> Drawn:
    """Load the rows, infer their schema and split them."""
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
    return Drawn(rows, schema, train_set, validation_set, test_set, series, latest)


def validated(run: Run, drawn: Drawn, after: Sequence[str] = ()) -> Sets:
    """Check rows and their sets; `after` are steps that must have let them through before."""
    report, page = wired(validate_data, "validate_data", run.stack)(
        rows=drawn.rows,
        train_set=drawn.train,
        validation_set=drawn.validation,
        test_set=drawn.test,
        schema=drawn.schema,
        data=run.data,
        time=run.split.time,
        group=run.split.group,
        series=drawn.series,
        after=list(after),
    )
    return Sets(drawn.rows, drawn.schema, drawn.train, drawn.validation, drawn.test, report, page, drawn.latest)


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


def sealed(
    run: Run,
    now: RunContext,
    sets: Sets,
    found: Candidate,
    model: Any,
    recent: Any = None,
    lineage: Mapping[str, Any] | None = None,
) -> None:
    """Open the test set, ask the gate, seal and register the package, whatever the gate says.

    Args:
        run: The declaration.
        now: The run context.
        sets: Where the test set is.
        found: The candidate.
        model: ZenML's, under which it is registered.
        recent: Of a retraining, the comparison on recent rows.
        lineage: Of a retraining, what the package is told of the labelled rows.
    """
    stack = run.stack
    tested, baseline_tested, details = wired(open_test_set, "open_test_set", stack)(
        candidate=found.model,
        baseline=found.baseline,
        test_set=sets.test,
        evaluation=found.evaluation,
        baseline_evaluation=found.baseline_evaluation,
        schema=sets.schema,
        seed=run.seed,
    )
    reference = profiled(profile, "profile", stack)(candidate=found.model, train_set=sets.train)
    verdict, page = wired(gate, "gate", stack, local=is_local(now.production))(
        name=run.name,
        candidate=found.model,
        evaluation=tested,
        baseline_evaluation=baseline_tested,
        details=details,
        report=sets.report,
        reference=reference,
        test_set=sets.test,
        schema=sets.schema,
        rules=run.gate,
        metric=run.metric,
        plan=split_record(run, now),
        production=now.production,
        recent=recent,
    )
    package_of = wired(package, "package", stack)(
        candidate=found.model,
        baseline=found.baseline,
        evaluation=tested,
        baseline_evaluation=baseline_tested,
        verdict=verdict,
        reference=reference,
        naming=Naming(model=run.name, label=now.label, split=split_record(run, now)),
        **(lineage or {}),
    )
    wired(register.with_options(model=model), "register", stack)(
        model=package_of, evaluation=tested, evaluation_page=page, data_page=sets.page, verdict=verdict
    )
