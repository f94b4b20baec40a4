"""What of a run only this machine has is told before steps run elsewhere."""

from typing import Any

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from pipelines.execution.stack_needs import unreached
from schemas.run import Run
from tests.stacks.checks.filled import filled


def load(*words: str) -> Run:
    return load_run(compose(parse_arguments(list(words))))


def declared(*words: str, **stack: Any) -> Run:
    return load(*words).model_copy(update={"stack": filled("sagemaker", stack)})


def told(run: Run) -> dict[str, str]:
    return {fault.path: fault.message for fault in unreached(run)}


def test_a_file_or_a_database_of_this_machine_is_not_read_elsewhere() -> None:
    assert told(declared("+experiment=houses")) == {
        "data.path": "only this machine has the rows, and SageMaker reads them elsewhere"
    }
    assert set(told(declared("+experiment=deliveries"))) == {"data.url"}


def test_what_both_read_is_read() -> None:
    assert told(declared("+experiment=breast_cancer")) == {}
    assert unreached(load("+experiment=houses")) == []


def test_a_batch_stays_on_this_machine() -> None:
    words = ["pipeline=batch_inference", "batch.input.path=new.csv", "batch.output.path=predictions.csv"]
    assert set(told(declared("+experiment=diabetes", *words))) == {"pipeline"}
