"""From raw rows to a gated, registered model package."""

from zenml import pipeline
from zenml.enums import ExecutionMode
from zenml.model.model import Model

from pipelines.execution.context import RunContext, is_local
from pipelines.fragments import candidate, checked_sets, split_record
from pipelines.wiring import profiled, wired
from schemas.package import Naming
from schemas.run import Run
from steps.evaluate.scores import open_test_set
from steps.gate.judgement import gate
from steps.package.profile import profile
from steps.package.register import register
from steps.package.seal import package


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def training(run: Run, now: RunContext) -> None:
    """Step ids are the names that `resources` and caching use."""
    stack = run.stack
    sets = checked_sets(run, now)
    found = candidate(run, now, sets)
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
    )
    model = wired(package, "package", stack)(
        candidate=found.model,
        baseline=found.baseline,
        evaluation=tested,
        baseline_evaluation=baseline_tested,
        verdict=verdict,
        reference=reference,
        naming=Naming(model=run.name, label=now.label, split=split_record(run, now)),
    )
    wired(register.with_options(model=Model(name=run.name)), "register", stack)(
        model=model, evaluation=tested, evaluation_page=page, data_page=sets.page, verdict=verdict
    )
