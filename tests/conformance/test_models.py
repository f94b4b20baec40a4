"""A trainer whose model, or its packaged form, has one thing wrong has that one violation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drivetrain import (
    Export,
    Fitted,
    Predictions,
)
from drivetrain.testing import (
    check_trainer,
)
from tests.conformance.sound import Same, Shares, altered, only, raising


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
