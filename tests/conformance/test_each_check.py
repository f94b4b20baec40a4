"""Each check of the suite can fail: a sound component with one thing wrong has that one violation."""

import shutil
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, Field

from drivetrain import (
    CheckOutcome,
    ContentError,
    Evidence,
    Export,
    Fault,
    Fitted,
    GateCheck,
    Matrix,
    Predictions,
    Signature,
    Sink,
    Source,
    Splitter,
    Strict,
    Task,
    Trainer,
    Writer,
)
from drivetrain.testing import (
    Violation,
    check_flavor,
    check_gate_check,
    check_sink,
    check_source,
    check_splitter,
    check_trainer,
    require,
    unasked_imports,
)


class Nothing(Strict):
    """No parameters."""


class Where(Strict):
    """A file."""

    path: str = Field(description="a file")


class Lines(Source):
    """Rows of a CSV file."""

    Params = Where
    params: Where
    label = "lines"

    def read(self) -> pd.DataFrame:
        """Return the rows."""
        return pd.read_csv(self.params.path)

    def preflight(self) -> list[Fault]:
        """Look for the file."""
        return [] if Path(self.params.path).is_file() else [Fault("path", "is not there")]


class Out(Sink):
    """A CSV file."""

    Params = Where
    params: Where

    @property
    def place(self) -> str:
        """Return the path."""
        return self.params.path

    def preflight(self) -> list[Fault]:
        """Look for an output."""
        return [Fault("path", "is there")] if Path(self.params.path).exists() else []

    def open(self) -> Writer:
        """Begin."""
        return Lined(Path(self.params.path))


class Lined(Writer):
    """Writes beside the place, and moves."""

    def __init__(self, path: Path) -> None:
        self.path, self.part = path, path.with_name(".part")
        self.frames: list[pd.DataFrame] = []

    def write(self, frame: pd.DataFrame) -> None:
        self.frames.append(frame)
        self.part.write_text(frame.to_csv())

    def commit(self) -> None:
        pd.concat(self.frames).to_csv(self.part)
        shutil.move(self.part, self.path)

    def abort(self) -> None:
        self.part.unlink(missing_ok=True)


class Halves(Splitter):
    """Every other row is a test row."""

    Params = Nothing

    def assign(
        self, rows: pd.DataFrame, target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> Any:
        """Return the sets."""
        return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]


class Shares(Fitted):
    """The same for every row."""

    def __init__(self, task: Task, classes: int) -> None:
        self.task, self.shares = task, [0.5] + [0.5 / (classes - 1)] * (classes - 1) if classes else []

    def predict(self, features: Any) -> Predictions:
        if self.task == "regression":
            return Predictions(values=np.full(len(features), 2.0))
        rows = np.tile(np.array(self.shares), (len(features), 1))
        return Predictions(codes=np.zeros(len(features), np.int64), probabilities=rows)

    def export(self, folder: Path, example: Any) -> Export:
        from ml.runtimes.rules import Constant

        found = Constant(value=2.0) if self.task == "regression" else Constant(probabilities=self.shares)
        (folder / "rules.json").write_text(found.model_dump_json())
        return Export(runtime="rules", file="rules.json", reason="constant")


class Same(Trainer):
    """Predicts the same for every row."""

    Params: ClassVar[type[BaseModel]] = Nothing
    tasks = ("binary", "regression")

    def fit(self, train: Matrix, validation: Matrix, signature: Signature, *, seed: int) -> Fitted:
        """Learn nothing."""
        if not len(train.target):
            raise ContentError("no rows")
        return self.fitted(signature.output.task, len(signature.output.classes or []))

    def fitted(self, task: Task, classes: int) -> Fitted:
        """Return the model."""
        return Shares(task, classes)


class Fine(GateCheck):
    """Lets all through."""

    Params = Nothing

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome."""
        return [CheckOutcome(name="fine", value=None, threshold=None, passed=True, why="it is fine")]


def rows_of(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_csv(folder / "rows.csv", index=False)
    return {"path": str(folder / "rows.csv")}


def out_of(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    return {"path": str(folder / "out.csv")}


def altered(base: type[Any], **changed: Any) -> type[Any]:
    """Return a component with one thing wrong."""
    return type("Altered", (base,), {"__doc__": "Altered.", **changed})


def only(violations: list[Violation], check: str, message: str) -> None:
    assert [one.check for one in violations] == [check] * len(violations) and violations, violations
    assert any(message in one.message for one in violations), violations


def raising(error: Exception) -> Callable[..., Any]:
    def call(*_: Any, **__: Any) -> Any:
        raise error

    return call


def test_the_sound_ones_have_no_violation() -> None:
    require(check_source(Lines, rows_of))
    require(check_sink(Out, out_of))
    require(check_splitter(Halves))
    require(check_trainer(Same))
    require(check_gate_check(Fine))


def _mixed(self: Lines, rows: int) -> Iterator[pd.DataFrame]:
    found = self.read()
    yield found.iloc[:50]
    yield found.iloc[50:100].astype({"wet": "str"})
    yield found.iloc[100:]


def _short(self: Lines, rows: int) -> Iterator[pd.DataFrame]:
    yield self.read().iloc[:50]


class _Chunk:
    def __init__(self, rows: pd.DataFrame) -> None:
        self.values, self.cells, self.kept = rows, rows.iloc[1:], rows


SOURCES: list[tuple[dict[str, Any], str, str]] = [
    ({"preflight": lambda self: [Fault("path", "no")]}, "preflight", "refuses what the example wrote: no"),
    ({"label": ""}, "preflight", "label is ''"),
    (
        {"label": property(lambda self: str(id(object())) + str(np.random.default_rng().random()))},
        "preflight",
        "label is",
    ),
    ({"read": lambda self: pd.DataFrame({"a": []})}, "read", "without a row"),
    ({"header": lambda self: ["a"]}, "read", "header gives ['a']"),
    ({"chunks": _mixed}, "chunks", "chunks have different types"),
    ({"chunks": _short}, "chunks", "the chunks together are not what read gives"),
    ({"chunks_as_stored": lambda self, rows, known: iter([_Chunk(self.read())])}, "chunks", "with different lengths"),
    ({"fingerprint": lambda self: 3}, "fingerprint", "neither text nor None"),
    ({"preflight": lambda self: []}, "lost", "finds no fault where the rows are gone"),
    ({"preflight": lambda self: "no" if not Path(self.params.path).is_file() else []}, "lost", "finds no fault"),
]


@pytest.mark.parametrize(("changed", "check", "message"), SOURCES)
def test_a_source_with_one_thing_wrong(changed: dict[str, Any], check: str, message: str) -> None:
    found = check_source(altered(Lines, **changed), rows_of)
    found = [one for one in found if one.check != "chunks"] if check == "read" else found
    found = [one for one in found if one.check != "lost"] if check == "preflight" else found
    only(found, check, message)


def test_a_source_whose_columns_are_no_texts() -> None:
    def numbered(self: Lines) -> pd.DataFrame:
        found = pd.read_csv(self.params.path)
        return found.set_axis(range(found.shape[1]), axis=1)

    only(check_source(altered(Lines, read=numbered), rows_of), "read", "columns are not called by texts")


def test_a_source_that_gives_rows_where_none_were_written() -> None:
    def read(self: Lines) -> pd.DataFrame:
        found = pd.read_csv(self.params.path)
        return found if len(found) else pd.DataFrame([dict.fromkeys(found.columns, 1)])

    only(check_source(altered(Lines, read=read), rows_of), "empty", "gives rows where none were written")


def test_a_source_whose_preflight_raises_where_the_file_is_gone() -> None:
    def preflight(self: Lines) -> list[Fault]:
        Path(self.params.path).stat()
        return []

    only(check_source(altered(Lines, preflight=preflight), rows_of), "lost", "preflight of what is not there raised")


def test_a_source_that_cannot_have_no_rows_is_not_asked_for_them() -> None:
    def example(folder: Path, rows: pd.DataFrame) -> Mapping[str, Any] | None:
        return rows_of(folder, rows) if len(rows) else None

    require(check_source(Lines, example))


class _Writes(Lined):
    def commit(self) -> None:
        self.part.unlink()


class _Changes(Lined):
    def write(self, frame: pd.DataFrame) -> None:
        super().write(frame)
        frame.loc[frame.index[:1], "size"] = 7.0


SINKS: list[tuple[dict[str, Any], str, str]] = [
    ({"place": ""}, "commit", "place is ''"),
    ({"open": lambda self: _Writes(Path(self.params.path))}, "commit", "nothing is there after commit"),
    ({"open": lambda self: _Changes(Path(self.params.path))}, "commit", "it changes the rows that it was given"),
    ({"preflight": lambda self: []}, "commit", "it writes over an output that is there"),
]


@pytest.mark.parametrize(("changed", "check", "message"), SINKS)
def test_a_sink_with_one_thing_wrong(changed: dict[str, Any], check: str, message: str) -> None:
    only(check_sink(altered(Out, **changed), out_of), check, message)


def test_a_sink_whose_preflight_refuses_an_empty_folder() -> None:
    refusing = altered(Out, preflight=lambda self: [Fault("path", "never")])
    only(check_sink(refusing, out_of), "commit", "preflight refuses a folder without an output: never")


def test_a_sink_that_commit_protects_may_say_so_late() -> None:
    class Late(Lined):
        def commit(self) -> None:
            if self.path.exists():
                raise ContentError("it is there")
            super().commit()

    require(check_sink(altered(Out, preflight=lambda self: [], open=lambda self: Late(Path(self.params.path))), out_of))


def test_a_sink_that_ends_in_pythons_error_without_rows() -> None:
    class Fragile(Lined):
        def commit(self) -> None:
            1 / sum(map(len, self.frames))
            super().commit()

    fragile = altered(Out, open=lambda self: Fragile(Path(self.params.path)))
    only(check_sink(fragile, out_of), "empty", "without a row it raised ZeroDivisionError")


def _dropped(self: Halves, rows: pd.DataFrame, *_: Any, **__: Any) -> Any:
    rows.drop(columns="size", inplace=True)
    return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]


SPLITS: list[tuple[Callable[..., Any], str, str]] = [
    (lambda self, rows, *_, **__: ["train"] * len(rows), "sets", "assign gives list"),
    (lambda self, rows, *_, **__: np.array(["train"] * len(rows), dtype=str), "sets", "no row is in test"),
    (_dropped, "sets", "it changes the rows"),
    (
        lambda self, rows, *_, **__: np.array((["train", "test"] * 60)[: max(len(rows), 2)], dtype=str),
        "empty",
        "gives sets where there is no row",
    ),
    (
        lambda self, rows, *_, **__: np.where(rows.index.to_numpy() < 60, "train", "test"),
        "deterministic",
        "the rows' index decides",
    ),
]


@pytest.mark.parametrize(("assign", "check", "message"), SPLITS)
def test_a_split_with_one_thing_wrong(assign: Callable[..., Any], check: str, message: str) -> None:
    only(check_splitter(altered(Halves, assign=assign)), check, message)


def test_a_split_that_ends_in_pythons_error_without_rows() -> None:
    def assign(self: Halves, rows: pd.DataFrame, *_: Any, **__: Any) -> Any:
        1 / len(rows)
        return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]

    only(check_splitter(altered(Halves, assign=assign)), "empty", "without a row raised ZeroDivisionError")


def test_a_split_that_draws_from_what_everybody_shares() -> None:
    def assign(self: Halves, rows: pd.DataFrame, *_: Any, **__: Any) -> Any:
        np.random.random()
        return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]

    only(check_splitter(altered(Halves, assign=assign)), "deterministic", "it draws from numpy.random")


def model(**changed: Any) -> Callable[..., Fitted]:
    kind = type("Model", (Shares,), changed)
    return lambda self, task, classes: kind(task, classes)


def _values(self: Shares, features: Any) -> Predictions:
    found = Shares.predict(self, features)
    return found if found.values is None else Predictions(values=found.values[:, None])


def _infinite(self: Shares, features: Any) -> Predictions:
    found = Shares.predict(self, features)
    return found if found.values is None else Predictions(values=found.values * np.inf)


def _codes(change: Callable[[Any], Any]) -> Callable[..., Predictions]:
    def predict(self: Shares, features: Any) -> Predictions:
        found = Shares.predict(self, features)
        return found if found.codes is None else Predictions(change(found.codes), found.probabilities)

    return predict


def _probabilities(change: Callable[[Any], Any]) -> Callable[..., Predictions]:
    def predict(self: Shares, features: Any) -> Predictions:
        found = Shares.predict(self, features)
        return found if found.codes is None else Predictions(found.codes, change(found.probabilities))

    return predict


PREDICTIONS: list[tuple[Callable[..., Predictions], str]] = [
    (_values, "a regression gives values of shape (40,)"),
    (_infinite, "a value is not finite"),
    (_codes(lambda codes: None), "a classification gives codes"),
    (_codes(lambda codes: codes.astype(float)), "a classification gives codes"),
    (_codes(lambda codes: codes + 5), "codes are positions of classes, -1 to 1"),
    (_probabilities(lambda shares: None), "gives_probabilities = False"),
    (_probabilities(lambda shares: shares[:, :1]), "probabilities have shape (40, 1), not (40, 2)"),
    (_probabilities(lambda shares: np.array([1.5, -0.5]) + 0 * shares), "probabilities are not shares of 1"),
]


@pytest.mark.parametrize(("predict", "message"), PREDICTIONS)
def test_a_trainer_whose_predictions_have_another_form(predict: Callable[..., Predictions], message: str) -> None:
    found = check_trainer(altered(Same, fitted=model(predict=predict)))
    only([one for one in found if one.check != "round trip"], "predictions", message)


def test_a_trainer_that_predicts_otherwise_when_asked_again() -> None:
    def predict(self: Any, features: Any) -> Predictions:
        self.asked = getattr(self, "asked", 0) + 1
        return Predictions(values=np.full(len(features), float(self.asked)))

    found = check_trainer(altered(Same, tasks=("regression",), fitted=model(predict=predict)))
    assert any("predicts the same rows differently when asked again" in one.message for one in found)


def _export(name: str = "rules.json", *, runtime: str = "rules", also: str = "", reason: str = "constant") -> Any:
    def export(self: Shares, folder: Path, example: Any) -> Export:
        Shares.export(self, folder, example)
        if also:
            (folder / also).write_bytes(b"\x80\x04N.")
        return Export(runtime=runtime, file=name, reason=reason)

    return export


EXPORTS = [
    (_export(runtime="joblib"), "export names the runtime 'joblib'"),
    (_export("model.json"), "export wrote rules.json; it is to write the one file that it names, model.json"),
    (_export(also="notes.bin"), "export wrote a pickle, notes.bin"),
    (_export(reason=" "), "gives no reason"),
    (_export(runtime="onnx"), "the runtime onnx does not load rules.json"),
    (raising(OSError("full")), "export raised OSError: full"),
]


@pytest.mark.parametrize(("export", "message"), EXPORTS)
def test_a_trainer_whose_packaged_form_is_not_the_model(export: Callable[..., Export], message: str) -> None:
    only(check_trainer(altered(Same, fitted=model(export=export))), "round trip", message)


def test_a_pickle_inside_an_archive_is_found() -> None:
    import zipfile

    def export(self: Shares, folder: Path, example: Any) -> Export:
        with zipfile.ZipFile(folder / "model.skops", "w") as archive:
            archive.writestr("tree", b"\x80\x04N.")
        return Export(runtime="skops", file="model.skops", reason="quick")

    found = check_trainer(altered(Same, fitted=model(export=export)))
    only(found, "round trip", "export wrote a pickle, model.skops")


TRAINERS: list[tuple[dict[str, Any], str, str]] = [
    ({"faults": classmethod(lambda cls, params, task: [Fault("x", "no")])}, "parameters", "refuses the parameters"),
    ({"faults": classmethod(lambda cls, params, task: ["no"])}, "parameters", "something else than drivetrain.Fault"),
    ({"faults": classmethod(raising(KeyError("x")))}, "parameters", "raised KeyError"),
    ({"tasks": "binary"}, "tasks", "tasks are 'binary'"),
    ({"tasks": ()}, "tasks", "tasks are ()"),
    ({"Params": dict}, "declared", "no Params that is a pydantic model"),
]


@pytest.mark.parametrize(("changed", "check", "message"), TRAINERS)
def test_a_trainer_with_one_thing_wrong(changed: dict[str, Any], check: str, message: str) -> None:
    only(check_trainer(altered(Same, **changed)), check, message)


def test_a_trainer_that_cannot_be_fitted_is_told_once_a_check() -> None:
    found = check_trainer(altered(Same, tasks=("binary",), fitted=raising(ValueError("no"))))
    assert {one.check for one in found} == {"deterministic", "predictions", "round trip"}
    assert [one.message for one in found][1:] == ["nothing was fitted", "nothing was fitted"]


class Inner(BaseModel):
    """A part."""

    depth: int = 1


class Nested(Strict):
    """Parts."""

    parts: list[Inner] = Field(default=[], description="the parts")


def test_parameters_of_parameters_are_described_and_strict_too() -> None:
    found = check_gate_check(altered(Fine, Params=Nested))
    assert {one.check for one in found} == {"described", "strict"}
    assert any("Inner.depth" in one.message for one in found) and any("Inner takes" in one.message for one in found)


CHECKS: list[tuple[Callable[..., Any], str, str]] = [
    (lambda self, evidence: [], "outcomes", "check gives [], not a list of outcomes"),
    (lambda self, evidence: ["passed"], "outcomes", "no drivetrain.CheckOutcome"),
]


@pytest.mark.parametrize(("check", "name", "message"), CHECKS)
def test_a_gate_check_with_one_thing_wrong(check: Callable[..., Any], name: str, message: str) -> None:
    found = check_gate_check(altered(Fine, check=check))
    only([one for one in found if one.check != "empty"], name, message)


def test_a_gate_check_that_changes_its_mind() -> None:
    def check(self: Any, evidence: Evidence) -> list[CheckOutcome]:
        why = str(np.random.default_rng().random())
        return [CheckOutcome(name="moody", value=None, threshold=None, passed=True, why=why)]

    only(check_gate_check(altered(Fine, check=check)), "deterministic", "another verdict")


def test_flavors_are_tried_without_a_store() -> None:
    from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterConfig, BaseAlerterFlavor
    from zenml.utils.secret_utils import SecretField

    class Settings(BaseAlerterConfig):
        """Settings."""

        token: str = SecretField(description="of the hub")

    class Unfinished(BaseAlerter):
        @abstractmethod
        def page(self) -> None: ...

    def flavor(**changed: Any) -> type[Any]:
        sound = {"name": "pager", "config_class": Settings, "implementation_class": BaseAlerter}
        return altered(BaseAlerterFlavor, **{**sound, **changed})

    require(check_flavor(flavor(), name="pager"))
    only(check_flavor(flavor(), name="beeper"), "named", "the entry point calls it 'beeper'")
    only(check_flavor(flavor(type="pager"), name="pager"), "named", "is not a component type of a stack")
    only(check_flavor(flavor(implementation_class=Unfinished)), "implemented", "does not define")
    only(check_flavor(flavor(__doc__=None)), "documented", "Altered has no docstring")
    only(check_flavor(Lines, name="lines"), "declared", "is not a subclass of ZenML's Flavor")


def test_a_module_that_does_not_import_is_said() -> None:
    (found,) = unasked_imports("acme.part", "RuntimeError: no licence", {})
    assert found == "acme.part does not import: RuntimeError: no licence"
