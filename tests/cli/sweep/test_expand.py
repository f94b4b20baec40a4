"""What `-m` makes of words that name several values; every fault of every job at once, and nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from cli.config.arguments import parse_arguments
from cli.config.repository import Repository
from cli.config.safety import without_password
from cli.main import main
from cli.sweep.expand import Expansion, Words, expand
from cli.sweep.jobs import Job, read_jobs
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run

BASE = "+experiment=breast_cancer"
X = "# @package _global_\ndefaults:\n  - override /data: csv\n  - override /trainer: ridge\nname: x\n"
X += "data: {path: a.csv, target: y, task: regression}\n"


def expanded(*words: str) -> Expansion:
    return expand(list(words), Repository.prepared(None))


def values(word: str) -> list[str]:
    found = expanded(word)
    assert not found.faults
    return [job.texts[0].partition("=")[2] for job in found.jobs]


def jobs(*words: str) -> list[Job]:
    arguments = parse_arguments(["-m", *words])
    return read_jobs(arguments, expanded(*arguments.overrides))


def faults(*words: str) -> list[Fault]:
    with pytest.raises(ConfigurationError) as caught:
        jobs(*words)
    return caught.value.faults


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a=x,y,z", ["x", "y", "z"]),
        ("a=z,x", ["z", "x"]),
        ("a=choice(x,y)", ["x", "y"]),
        ("a=range(1,10,2)", ["1", "3", "5", "7", "9"]),
        ("a=range(3)", ["0", "1", "2"]),
        ("a=range(3,0,-1)", ["3", "2", "1"]),
        ("a=range(0.1,0.5,0.1)", ["0.1", "0.2", "0.3", "0.4"]),
        ("a=true,false,null", ["true", "false", "null"]),
        ("a=1e-3,0.10", ["0.001", "0.1"]),
        ("a='x,y',z", ["'x,y'", "z"]),
        ("a=[1,2],[3]", ["[1,2]", "[3]"]),
        ("a={b:1},{b:2}", ["{b:1}", "{b:2}"]),
        ("a=${seed},2", ["${seed}", "2"]),
        ("a=/data/x.csv,s3://b/y.csv", ["/data/x.csv", "s3://b/y.csv"]),
        ("a=sort(3,1,2)", ["1", "2", "3"]),
        ("pipeline=glob(*ing)", ["monitoring", "training"]),
        ("a=[1,2]", ["[1,2]"]),
        ("a='x,y'", ["'x,y'"]),
        ("a=x,x,y", ["x", "y"]),
    ],
)
def test_values_come_in_the_order_typed(word: str, expected: list[str]) -> None:
    assert values(word) == expected


@pytest.mark.untraced
@pytest.mark.slow
@given(st.lists(st.text(st.characters(exclude_categories=["C"]), min_size=1), min_size=2, max_size=4, unique=True))
def test_any_text_survives_being_one_of_several_values(texts: list[str]) -> None:
    quoted = [text.replace("\\", "\\\\").replace("'", "\\'") for text in texts]
    found = values("a=" + ",".join(f"'{text}'" for text in quoted))
    read = [OverridesParser.create().parse_override(f"a={value}").value() for value in found]
    said = [OverridesParser.create().parse_override(f"a='{text}'").value() for text in quoted]
    assert read == said


def test_words_are_combined_the_last_one_fastest() -> None:
    found = expanded(BASE, "seed=1,2", "trainer=a,b")
    assert [job.label for job in found.jobs] == [
        "seed=1 trainer=a", "seed=1 trainer=b", "seed=2 trainer=a", "seed=2 trainer=b",
    ]  # fmt: skip
    assert found.jobs[1].texts == [BASE, "seed=1", "trainer=b"]
    assert found.sizes == {"seed": 2, "trainer": 2}


def test_a_sweep_without_several_values_is_one_job() -> None:
    (job,) = jobs(BASE, "seed=3")
    assert (job.run.seed, job.words.label) == (3, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "path", "phrase"),
    [
        (["seed=interval(0,1)"], "seed", "needs a sampler"),
        (["seed=range(5,1)"], "seed", "names no value"),
        (["seed=range(1,5,0)"], "seed", "the step is 0"),
        (["seed=shuffle(1,2)"], "seed", "in the order typed"),
        (["trainer=glob(zzz*)"], "trainer", "names no value"),
        (["trainer.C=glob(*)"], "trainer.C", "names no value"),
        (["seed=1,2", "seed=3,4"], "seed", "in two words"),
        (["action=run,plan"], "action", "the same for all jobs"),
        (["hydra.sweep.dir=a,b"], "hydra.sweep.dir", "the same for all jobs"),
        (["hydra.verbose=true,false"], "hydra.verbose", "the same for all jobs"),
        (["seed=range(0,1000000000)"], "--multirun", "too many"),
        (["seed=range(0,500)", "trainer.C=1,2,3"], "--multirun", "1,500 jobs (seed 500, trainer.C 3)"),
        (["action=components"], "action", "no action of a sweep"),
        (["pipeline=lifecycle"], "pipeline", "deploys"),
        (["pipeline=deployment"], "pipeline", "deploys"),
        (["pipeline=training,lifecycle"], "pipeline", "deploys"),
        (["pipeline=monitoring"], "pipeline", "trains nothing"),
        (["pipeline=explore"], "pipeline", "trains nothing"),
        (["metric=accuracy,f1"], "metric", "one metric"),
        (["split.test=0.1,0.2"], "split", "different rows"),
        (["split.salt=a,b"], "split", "different rows"),
        (["data.dataset=breast_cancer,wine"], "data", "different rows"),
        (["stack.resources.train.cpu_count=1,2"], "stack", "one stack"),
        (["trainr.C=1,2"], "trainr", "Did you mean 'trainer'?"),
        (["trainer=ridge_,mean_"], "trainer", "not an option"),
    ],
)
def test_what_cannot_be_swept_is_a_fault(words: list[str], path: str, phrase: str, empty: Path) -> None:
    found = faults(BASE, *words)
    assert any(fault.path == path and phrase in str(fault) for fault in found), found


@pytest.mark.untraced
def test_the_faults_of_all_jobs_come_at_once_each_with_its_jobs() -> None:
    found = faults(BASE, "trainer=logistic_regression,ridge", "seed=1,x,2", "tarner=3", "split.test=interval(0,1)")
    told = {fault.path: str(fault) for fault in found}
    assert len(found) == len(told) == 4
    assert "in every job with trainer=ridge" in told["trainer.name"]
    assert "in every job with seed=x" in told["seed"]
    assert "in every job" not in told["tarner"]
    assert "sampler" in told["split.test"]


@pytest.mark.slow
@pytest.mark.untraced
def test_a_fault_that_does_not_depend_on_the_value_is_reported_once() -> None:
    (only,) = faults(BASE, "trainer.foo=1,2", "seed=range(0,4)")
    assert "no parameter 'foo'" in only.message and "in every job" not in str(only)
    assert only.hint.endswith("declared by the override trainer.foo=1,2")
    (only,) = faults(BASE, "+trainer.foo=1,2,3,4,5,6")
    assert only.hint.endswith("declared by the override +trainer.foo=1,2,3,4,5,…")


def test_a_fault_of_one_combination_names_it() -> None:
    (only,) = faults(BASE, "split.test=0.1,0.6", "split.validation=0.1,0.5")
    assert "in the job split.test=0.6 split.validation=0.5" in str(only)


def test_jobs_that_ask_for_the_same_run_once_and_are_reported() -> None:
    arguments = parse_arguments(["-m", BASE, "gate.max_size=5,5.0", "seed=1,2"])
    found = expanded(*arguments.overrides)
    kept = read_jobs(arguments, found)
    assert [(job.number, job.words.label) for job in kept] == [
        (0, "gate.max_size=5 seed=1"), (1, "gate.max_size=5 seed=2"),
    ]  # fmt: skip
    assert "and 1 more likewise" in found.notes[0]
    assert "runs once" in expanded("seed=1,1").notes[0]


@pytest.mark.slow
@pytest.mark.untraced
def test_a_job_is_what_the_same_words_give_without_a_sweep(load: Callable[..., object]) -> None:
    found = jobs(BASE, "trainer=random_forest,gradient_boosting", "seed=4,5", "trainer.random_state=${seed},1")
    for job in found:
        assert job.run == load(*job.words.texts, "pipeline=training")
    assert found[0].composition.repository.dropped == ["trainer.max_iter"]


def test_experiments_on_the_same_rows_can_be_compared(outside: Callable[..., Path], empty: Path) -> None:
    folder = outside(experiment__x=X, experiment__y=X.replace("name: x", "name: y").replace("ridge", "mean"))
    found = jobs(f"--config-dir={folder}", "+experiment=x,y")
    assert [(job.run.name, job.run.trainer.name) for job in found] == [("x", "ridge"), ("y", "mean")]


@pytest.mark.untraced
@pytest.mark.parametrize(("pipeline", "code"), [("deployment", 2), ("explore", 2), ("training", 0), ("lifecycle", 0)])
def test_the_pipeline_that_an_experiment_chooses_counts(
    pipeline: str, code: int, outside: Callable[..., Path], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "a.csv").write_text("y,b\n1,2\n2,3\n")
    folder = outside(experiment__x=f"{X}pipeline: {pipeline}\n")
    assert main(["-m", f"--config-dir={folder}", "+experiment=x", "seed=1,2", "action=plan"]) == code
    assert ("pipeline=training" in capsys.readouterr().err) == (code == 2)


def test_a_plan_lists_the_jobs_and_writes_nothing(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", BASE, "trainer=random_forest,majority", "seed=range(1,3)", "action=plan"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "a sweep of 4 jobs (2 trainer × 2 seed)" in said[0]
    assert "not used of the experiment: trainer.max_iter" in said[1]
    assert said[2:6] == [
        "  0  trainer=random_forest seed=1", "  1  trainer=random_forest seed=2",
        "  2  trainer=majority seed=1", "  3  trainer=majority seed=2",
    ]  # fmt: skip
    assert said[6] == "job 0" and [line for line in said if line.startswith("job ")] == ["job 0"]
    assert said[-1].startswith("each of the others reuses what its own choices do not change")
    assert list(empty.iterdir()) == []


def test_a_plan_asks_zenml_once_however_many_jobs_there_are(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pipelines.plan

    asked: list[Run] = []
    real = pipelines.plan.plan

    def noted(run: Run, *rest: Any) -> Any:
        asked.append(run)
        return real(run, *rest)

    monkeypatch.setattr(pipelines.plan, "plan", noted)
    assert main(["-m", BASE, "seed=1,2", "action=plan"]) == 0
    assert [run.seed for run in asked] == [1]


@pytest.mark.untraced
def test_columns_that_only_one_job_reads_are_looked_for(
    outside: Callable[..., Path], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "a.csv").write_text("y,b\n1,2\n2,3\n")
    plain = X.replace("ridge", "majority").replace("regression", "binary") + "metric: accuracy\n"
    rules = plain.replace("majority", "rules").replace("name: x", "name: z")
    rules += "trainer: {rules: [{when: {column: size, above: 1}, then: 1}], otherwise: 2}\n"
    folder = outside(experiment__x=plain, experiment__z=rules)
    for words in ("+experiment=z,x", "+experiment=x,z"):
        assert main(["-m", f"--config-dir={folder}", words, "action=plan"]) == 2
        assert "there is no column 'size'" in capsys.readouterr().err


@pytest.mark.untraced
@pytest.mark.parametrize(
    "words",
    [
        ["data.url=postgresql://u:s3cret@h/a,sqlite:///b.db"],
        ["data.url=sqlite:///b.db,postgresql://u:s3cret@h/a", "seed=1,2"],
        ["data.url=a,a,b", "data.url='postgresql://u:s3cret@h/a','postgresql://u:s3cret@h/a'"],
        ["data.url='postgresql://u:s3cret@h/a','postgresql://u:s3cret@h/a'"],
        ["data.url=shuffle('postgresql://u:s3cret@h/a',b)"],
        ["data.url=glob('postgresql://u:s3cret@h/a')"],
        ["data.password=s3cret,other"],
        ["trainer.token=interval(s3cret,2)"],
        ["name=postgresql://u:s3cret@h/a,b"],
    ],
)
def test_a_sweep_repeats_no_password(words: list[str], empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", BASE, *words]) == 2
    said = capsys.readouterr()
    assert said.err and "s3cret" not in said.out + said.err
    assert list(empty.iterdir()) == []


def test_a_choice_is_shown_and_written_without_what_could_be_a_password() -> None:
    words = Words(["data.url=sqlite://u:s3cret@h/a", "seed=1"], {"data.url": "sqlite://u:s3cret@h/a", "seed": "1"})
    assert words.label == "data.url=… seed=1"
    assert words.repeatable == {"data.url": "…", "seed": "1"}


@pytest.mark.untraced
@pytest.mark.parametrize("there", ["comparison.csv", "1"])
def test_a_folder_of_an_earlier_sweep_is_refused(there: str, empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty / there).mkdir()
    for action in ("run", "plan"):
        assert main(["-m", BASE, "seed=1,2", f"action={action}", f"hydra.sweep.dir={empty}"]) == 2
        assert f"hydra.sweep.dir: {empty} holds an earlier sweep ({there})" in capsys.readouterr().err
    assert [path.name for path in empty.iterdir()] == [there]


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (["hydra.sweep.subdir=x"], "would share the folder x"),
        (["hydra.sweep.subdir=../${seed}"], "not below"),
        (["hydra.sweep.subdir=/tmp/${seed}"], "not below"),
        (["hydra.sweep.subdir=${nowhere}"], "nowhere"),
        (["hydra.sweep.dir=${nowhere}"], "nowhere"),
        (["hydra.sweep.dir=out/${seed}"], "another folder for each job"),
        (["hydra.sweep.dir=file/out"], "is a file"),
        (["data.target=targett"], "Did you mean 'target'?"),
        (["~gate.min", "gate=open"], "declared by the override ~gate.min"),
    ],
)
def test_what_cannot_start_writes_nothing(
    words: list[str], phrase: str, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "file").touch()
    assert main(["-m", BASE, "seed=1,2", *words]) == 2
    assert phrase in capsys.readouterr().err
    assert [path.name for path in empty.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("trainer.max_tokens=64", "trainer.max_tokens=64"),
        ("trainer.n_passes=1,2,3", "trainer.n_passes=1,2,3"),
        ("auth.tokens=abc", "auth.tokens=…"),
        ("auth.token=123", "auth.token=…"),
        ("data.password=123", "data.password=…"),
        ("trainer.secret_key=123", "trainer.secret_key=…"),
        ("trainer.tokenizer=words", "trainer.tokenizer=words"),
        ("trainer={name: x, api_token: abc}", "trainer=…"),
        ("trainer={name: x, max_tokens: 64}", "trainer={name: x, max_tokens: 64}"),
        ("data.path=https://h/a.csv?rlkey=abc", "data.path=…"),
    ],
)
def test_how_many_is_no_secret_and_a_secret_of_digits_is(word: str, told: str) -> None:
    assert without_password(word) == told
