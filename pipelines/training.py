"""From raw rows to a gated, registered model package."""

from zenml import pipeline
from zenml.enums import ExecutionMode
from zenml.model.model import Model

from pipelines.wiring import wired
from schemas.base import Strict
from schemas.package import SplitRecord
from schemas.run import Run
from steps.evaluate.scores import evaluate, open_test_set
from steps.features.signature import fit_features
from steps.gate.judgement import gate
from steps.gate.production import Production
from steps.load.rows import load
from steps.package.finish import package
from steps.package.profile import profile
from steps.package.register import register
from steps.split.sets import split
from steps.train.model import train
from steps.validate.checks import data_gate, validate_data
from steps.validate.schema import infer_schema


class Circumstances(Strict):
    """What the conductor finds out before a run: it belongs to the moment, not to the experiment."""

    label: str
    fingerprint: str | None
    salt: str
    production: Production | None


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def training(run: Run, now: Circumstances) -> None:
    """Step ids are slot names."""
    stack, seed = run.stack, run.seed
    plan = SplitRecord(
        method=run.split.method, salt=now.salt, test=run.split.test, validation=run.split.validation, by=run.split.by
    )
    rows = wired(load, stack, ("load", run.data.source)).with_options(enable_cache=now.fingerprint is not None)(
        source=run.data.source, fingerprint=now.fingerprint, id="load"
    )
    schema = wired(infer_schema, stack)(rows=rows, data=run.data, id="infer_schema")
    train_set, validation_set, test_set = wired(split, stack, ("split", run.split.method))(
        rows=rows, schema=schema, plan=run.split, salt=now.salt, id="split"
    )
    report, data_page = wired(validate_data, stack)(
        rows=rows,
        train_set=train_set,
        validation_set=validation_set,
        test_set=test_set,
        schema=schema,
        data=run.data,
        id="validate_data",
    )
    data_gate(report=report, id="data_gate")
    signature = wired(fit_features, stack)(train_set=train_set, schema=schema, id="fit_features", after=["data_gate"])
    draft, baseline = (
        wired(train, stack, ("train", trainer))(
            train_set=train_set,
            validation_set=validation_set,
            schema=schema,
            signature=signature,
            trainer=trainer,
            seed=seed,
            name=run.name,
            label=now.label,
            plan=plan,
            id=step_id,
        )
        for step_id, trainer in (("train", run.trainer), ("train_baseline", run.baseline))
    )
    validated, baseline_validated = wired(evaluate, stack)(
        draft=draft, baseline=baseline, validation_set=validation_set, schema=schema, seed=seed, id="evaluate"
    )
    tested, baseline_tested, page = wired(open_test_set, stack)(
        draft=draft,
        baseline=baseline,
        test_set=test_set,
        evaluation=validated,
        baseline_evaluation=baseline_validated,
        schema=schema,
        seed=seed,
        id="open_test_set",
    )
    verdict = gate(
        draft=draft,
        evaluation=tested,
        baseline_evaluation=baseline_tested,
        test_set=test_set,
        schema=schema,
        rules=run.gate,
        metric=run.metric,
        plan=plan,
        production=now.production,
        seed=seed,
        id="gate",
    )
    reference = wired(profile, stack)(draft=draft, train_set=train_set, id="profile")
    model = wired(package, stack)(
        draft=draft,
        baseline=baseline,
        evaluation=tested,
        baseline_evaluation=baseline_tested,
        verdict=verdict,
        reference=reference,
        id="package",
    )
    register.with_options(model=Model(name=run.name))(
        model=model, evaluation=tested, evaluation_page=page, data_page=data_page, verdict=verdict, id="register"
    )
