"""How the jobs of a sweep are ranked, shown and drawn."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.sweep.folder import table_rows
from cli.views.sweep import Ending, plain_lines, show_comparison
from ml.tuning.plot import comparison_figure, comparison_picture
from ml.tuning.ranking import compare, score
from schemas.package import Baseline
from schemas.summary import MetricsRecord, Summary
from schemas.sweep import JobResult

ENDING = Ending(Path("/out/comparison.csv"), Path("/out/comparison.png"), 0, "python run.py +experiment=x")


def job(number: int, value: float | None, half: float = 0.01, metric: str = "roc_auc", rows: str = "r") -> JobResult:
    scores = {metric: value, "accuracy": 0.5}
    intervals = {} if value is None else {"validation": {metric: (value - half, value + half)}}
    return JobResult(
        number=number,
        choices={"trainer": "[odd] $name$", "seed": str(number)},
        folder=f"/out/{number}",
        metric=metric,
        rows=rows,
        summary=Summary(
            experiment="x", pipeline="training", stack="local", status="succeeded",
            seconds={"load": 40.0, "train": 1.25},
            baseline=Baseline(name="majority", metrics={"validation": {metric: 0.5}}),
            metrics=MetricsRecord(validation=scores, intervals=intervals),
        ),
    )  # fmt: skip


def ended(number: int, status: str, error: str) -> JobResult:
    lost: dict[str, Any] = {
        "experiment": "x",
        "pipeline": "training",
        "stack": "local",
        "status": status,
        "error": error,
    }
    return JobResult(
        number=number, choices={"trainer": "b", "seed": "9"}, folder=f"/out/{number}", summary=Summary(**lost)
    )


MIXED = [job(0, 0.8), ended(1, "failed", "Step train\nfailed"), job(2, 0.9), job(3, None), ended(4, "refused", "no")]


@pytest.mark.untraced
@given(st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=12), st.sampled_from(["roc_auc", "log_loss"]))
def test_the_best_comes_first_and_the_undefined_last(values: list[float | None], metric: str) -> None:
    found = compare([job(number, value, metric=metric) for number, value in enumerate(values)])
    ranked = [score(result, metric) for result in found.ranked]
    defined = sorted((value for value in values if value is not None), reverse=metric == "roc_auc")
    assert ranked == [*defined, *[None] * (len(values) - len(defined))]


def test_equal_jobs_keep_the_order_they_ran_in() -> None:
    assert [result.number for result in compare([job(0, 0.5), job(1, 0.7), job(2, 0.7)]).ranked] == [1, 2, 0]


def test_jobs_that_failed_are_not_ranked() -> None:
    found = compare(MIXED)
    assert [result.number for result in found.ranked] == [2, 0, 3]
    assert [result.number for result in found.others] == [1, 4]


def test_jobs_are_told_apart_without_comparing_every_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def compared(_one: JobResult, _other: object) -> bool:
        raise AssertionError("compared field by field, which takes the square of the jobs after each job")

    monkeypatch.setattr(JobResult, "__eq__", compared)
    assert len(compare(MIXED).others) == 2


@pytest.mark.parametrize(("second", "ties"), [(0.985, 1), (0.97, 0)])
def test_the_best_are_told_apart_only_where_their_intervals_are(second: float, ties: int) -> None:
    found = compare([job(0, 0.998), job(1, second), job(2, 0.5)])
    assert found.ties == ties
    assert any("cannot be told from the best" in line for line in plain_lines(found, ENDING)) == bool(ties)


def test_rows_that_changed_meanwhile_are_reported() -> None:
    assert "rows changed" in "\n".join(plain_lines(compare([job(0, 0.5), job(1, 0.6, rows="other")]), ENDING))
    assert "rows changed" not in "\n".join(plain_lines(compare([job(0, 0.5), job(1, 0.6)]), ENDING))


def test_a_log_gets_columns_parted_by_tabs() -> None:
    lines = list(plain_lines(compare(MIXED), ENDING))
    assert lines[:3] == [
        "rank\tjob\ttrainer\tseed\troc_auc\t95 % interval\taccuracy\ttrain seconds",
        "1\t2\t[odd] $name$\t2\t0.9\t0.89 to 0.91\t0.5\t1.2",
        "2\t0\t[odd] $name$\t0\t0.8\t0.79 to 0.81\t0.5\t1.2",
    ]
    assert lines[3].split("\t")[4] == "undefined"
    assert lines[4:6] == [
        "failed\t1\ttrainer=b seed=9\tStep train failed\t/out/1",
        "refused\t4\ttrainer=b seed=9\tno\t/out/4",
    ]
    assert lines[-3:] == [
        "comparison: /out/comparison.csv", "picture: /out/comparison.png", "next: python run.py +experiment=x",
    ]  # fmt: skip


def test_a_reused_training_shows_the_time_that_it_took_and_never_none() -> None:
    own, known, unknown = job(0, 0.9), job(1, 0.8), job(2, 0.7)
    reused = own.summary.model_copy(update={"seconds": {"train": 0.0}})
    known = known.model_copy(update={"summary": known.summary.model_copy(update={"seconds": reused.seconds})})
    unknown = unknown.model_copy(update={"summary": unknown.summary.model_copy(update={"seconds": reused.seconds})})
    found = compare([own, known.model_copy(update={"trained_in": 3.25}), unknown])
    assert [line.split("\t")[-1] for line in list(plain_lines(found, ENDING))[1:4]] == ["1.2", "3.2 (reused)", "reused"]
    assert [row["train_seconds"] for row in table_rows(found)] == [1.25, 3.25, "reused"]
    assert [row["train_seconds"] for row in table_rows(compare([ended(0, "failed", "no")]))] == [""]


def test_a_person_sees_a_table_and_why_others_failed() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    show_comparison(console, compare(MIXED), ENDING)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for word in ("[odd] $name$", "0.89 to 0.91", "✗ failed", "Step train failed", "/out/4", "python run.py"):
        assert word in text
    assert text.index("0.9 ") < text.index("0.8 ")


def test_where_nothing_succeeded_nothing_is_recommended() -> None:
    lines = list(plain_lines(compare([ended(0, "failed", "no")]), Ending(Path("/out/c.csv"), None, 2)))
    assert "note: stopped: 2 jobs were not run" in lines
    assert "note: no job succeeded: there is nothing to compare" in lines
    assert not any(line.startswith(("next", "picture", "rank")) for line in lines)


def test_the_csv_holds_every_metric_of_every_job() -> None:
    rows = list(table_rows(compare(MIXED)))
    assert [row["rank"] for row in rows] == [1, 2, 3, "", ""]
    assert rows[0]["train_seconds"] == 1.25
    assert (rows[0]["roc_auc"], rows[0]["roc_auc_low"], rows[0]["accuracy"]) == (0.9, 0.89, 0.5)
    assert (rows[3]["status"], rows[3]["error"]) == ("failed", "Step train failed")
    csv.DictWriter(io.StringIO(), list(rows[0])).writerows(rows)  # a failed job has no column of its own


@pytest.mark.slow
@pytest.mark.parametrize(
    "results",
    [
        [job(0, 0.9)],
        [job(0, None), job(1, None)],
        [job(number, 0.9 + number / 1000) for number in range(60)],
        [job(0, 3.0, metric="root_mean_squared_error"), job(1, 4e9, metric="root_mean_squared_error")],
        [job(0, 0.5, half=0.0), job(1, 0.5, half=0.0)],
    ],
    ids=["one", "undefined", "many", "far off", "all the same"],
)
def test_any_sweep_can_be_drawn(results: list[JobResult]) -> None:
    assert comparison_picture(compare(results)).startswith(b"\x89PNG")


def test_a_value_beyond_the_axis_is_written_in_the_margin_and_never_drawn_as_a_dot() -> None:
    figure = comparison_figure(compare([job(0, 0.91), job(1, 0.905), job(2, 0.2), job(3, 0.9)]))
    (axes,) = figure.axes
    dots = [float(np.asarray(line.get_xdata())[0]) for line in axes.lines if line.get_marker() == "o"]
    assert sorted(dots) == [0.9, 0.905, 0.91]
    (beyond,) = [text for text in axes.texts if text.get_text() == "← 0.2"]
    assert axes.get_xlim()[0] < beyond.get_position()[0] < min(axes.get_xticks())
    assert not [line for line in axes.lines if line.get_linestyle() == "--"]  # the baseline, 0.5, is further left
