"""From the rows of training and the labelled rows of the journal to a gated, registered model package."""

from zenml import pipeline
from zenml.enums import ExecutionMode
from zenml.model.model import Model

from pipelines import fragments
from pipelines.execution.context import RunContext, is_local
from pipelines.wiring import wired
from schemas.addresses import is_of_this_machine
from schemas.retraining import Taking
from schemas.run import Run
from steps.retrain.collect import collect, label_gate
from steps.retrain.compare import compare_recent


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def retraining(run: Run, now: RunContext, journal_url: str, taking: Taking) -> None:
    """The steps of `training`, with those of the journal between its rows and what is learnt of them."""
    stack = run.stack
    local = is_local(now.production) or is_of_this_machine(journal_url)
    drawn = fragments.drawn_sets(run, now)
    collection, rows, train_set, validation_set, recent_set, labelled = wired(
        collect, "collect", stack, ("split", run.split.method), local=local
    )(
        rows=drawn.rows,
        train_set=drawn.train,
        validation_set=drawn.validation,
        test_set=drawn.test,
        schema=drawn.schema,
        arrays=run.data.arrays,
        plan=run.split,
        salt=now.salt,
        production=now.production,
        journal_url=journal_url,
        taking=taking,
        spec=run.retrain,
        seed=run.seed,
    )
    wired(label_gate, "label_gate", stack)(collection=collection, spec=run.retrain)
    joined = fragments.Drawn(rows, drawn.schema, train_set, validation_set, drawn.test)
    sets = fragments.validated(run, joined, after=["label_gate"])
    found = fragments.candidate(run, now, sets)
    recent = wired(compare_recent, "compare_recent", stack, local=local)(
        candidate=found.model,
        recent_set=recent_set,
        schema=sets.schema,
        spec=run.retrain,
        metric=run.metric,
        plan=fragments.split_record(run, now),
        production=now.production,
    )
    lineage = {"collection": collection, "labelled_rows": labelled}
    fragments.sealed(run, now, sets, found, Model(name=run.name), recent=recent, lineage=lineage)
