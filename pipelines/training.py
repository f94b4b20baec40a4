"""From raw rows to a gated, registered model package."""

from zenml import pipeline
from zenml.enums import ExecutionMode
from zenml.model.model import Model

from pipelines.circumstances import Circumstances
from pipelines.wiring import profiled, wired
from schemas.package import SplitRecord
from schemas.run import Run
from steps.evaluate.scores import evaluate, open_test_set
from steps.features.signature import fit_features
from steps.gate.judgement import gate
from steps.load.rows import load
from steps.package.finish import package
from steps.package.profile import profile
from steps.package.register import register
from steps.split.sets import split
from steps.train.model import train
from steps.validate.checks import data_gate, validate_data
from steps.validate.schema import infer_schema


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def training(run: Run, now: Circumstances) -> None:
    """Step ids are slot names."""
    stack, seed = run.stack, run.seed
    plan = SplitRecord(
        method=run.split.method, salt=now.salt, test=run.split.test, validation=run.split.validation, by=run.split.by
    )
    loading = load.with_options(enable_cache=now.fingerprint is not None)
    load_rows = wired(loading, "load", stack, ("load", run.data.source))
    rows = load_rows(source=run.data.source, fingerprint=now.fingerprint)
    schema = wired(infer_schema, "infer_schema", stack)(rows=rows, data=run.data)
    train_set, validation_set, test_set = wired(split, "split", stack, ("split", run.split.method))(
        rows=rows, schema=schema, plan=run.split, salt=now.salt
    )
    report, data_page = wired(validate_data, "validate_data", stack)(
        rows=rows,
        train_set=train_set,
        validation_set=validation_set,
        test_set=test_set,
        schema=schema,
        data=run.data,
    )
    wired(data_gate, "data_gate", stack)(
        report=report, schema=schema, trainer=run.trainer, metric=run.metric, gate=run.gate
    )
    signature = wired(fit_features, "fit_features", stack)(train_set=train_set, schema=schema, after=["data_gate"])
    fitting = {
        "train_set": train_set,
        "validation_set": validation_set,
        "schema": schema,
        "signature": signature,
        "seed": seed,
        "name": run.name,
        "label": now.label,
        "plan": plan,
    }
    draft = wired(train, "train", stack, ("train", run.trainer))(trainer=run.trainer, **fitting)
    baseline = wired(train, "train_baseline", stack, ("train", run.baseline))(trainer=run.baseline, **fitting)
    validated, baseline_validated = wired(evaluate, "evaluate", stack)(
        draft=draft, baseline=baseline, validation_set=validation_set, schema=schema, seed=seed
    )
    tested, baseline_tested, page = wired(open_test_set, "open_test_set", stack)(
        draft=draft,
        baseline=baseline,
        test_set=test_set,
        evaluation=validated,
        baseline_evaluation=baseline_validated,
        schema=schema,
        seed=seed,
    )
    reference = profiled(profile, "profile", stack)(draft=draft, train_set=train_set)
    verdict = wired(gate, "gate", stack)(
        draft=draft,
        evaluation=tested,
        baseline_evaluation=baseline_tested,
        reference=reference,
        test_set=test_set,
        schema=schema,
        rules=run.gate,
        metric=run.metric,
        plan=plan,
        production=now.production,
        seed=seed,
    )
    model = wired(package, "package", stack)(
        draft=draft,
        baseline=baseline,
        evaluation=tested,
        baseline_evaluation=baseline_tested,
        verdict=verdict,
        reference=reference,
    )
    wired(register.with_options(model=Model(name=run.name)), "register", stack)(
        model=model, evaluation=tested, evaluation_page=page, data_page=data_page, verdict=verdict
    )
