"""What is declared of retraining: what cannot work is told before anything starts."""

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from schemas.errors import ConfigurationError
from schemas.retraining import RetrainSpec, seconds_of
from schemas.run import Run


def loaded(*words: str) -> Run:
    return load_run(compose(parse_arguments(["pipeline=retraining", *words])))


def faults(*words: str) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as raised:
        loaded(*words)
    return {fault.path: fault.message for fault in raised.value.faults}


def test_what_is_not_declared_has_a_default() -> None:
    run = loaded("+experiment=breast_cancer")
    assert run.retrain == RetrainSpec() and run.spec.deploys
    assert run.retrain.rows_or_seconds() == (None, 90 * 86400.0) and run.retrain.cool_down_seconds == 3600.0
    assert loaded("+experiment=breast_cancer", "retrain.window=500").retrain.rows_or_seconds() == (500, None)


def test_a_split_by_time_and_forecasts_are_refused() -> None:
    found = faults("+experiment=houses", "split=time", "split.by=built")
    assert "the newest rows test" in found["split.name"]
    assert faults("+experiment=sales") == {"pipeline": "labels of forecasts are not joined with series yet"}


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("retrain.weight=2", "retrain"),
        ("retrain.window=lately", "retrain.window"),
        ("retrain.cool_down=1", "retrain.cool_down"),
        ("retrain.every=daily", "retrain.every"),
        ("retrain.every=0s", "retrain.every"),
        ("retrain.share=0", "retrain.share"),
        ("retrain.join=mix", "retrain.join"),
        ("retrain.id='a b'", "retrain.id"),
    ],
)
def test_what_means_nothing_is_refused_where_it_was_said(word: str, path: str) -> None:
    assert list(faults("+experiment=breast_cancer", word)) == [path]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("15m", 900.0), ("24h", 86400.0), ("7d", 604800.0)])
def test_a_span_is_so_many_seconds(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
