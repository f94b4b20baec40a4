"""A network on texts: it learns, padding and neighbours have no say, both packaged forms, exact parity."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.components.matrix import Matrix
from ml.package.parity import difference
from ml.predictions.predictor import FEATURES
from ml.runtimes import keras as keras_runtime
from ml.runtimes import onnx as onnx_runtime
from ml.runtimes.keras import FILE, KerasArrays
from ml.runtimes.load import load
from ml.text.tokens import Tokens
from ml.text.vocabulary import fit_vocabulary
from ml.trainers.keras.params import KerasTextParams
from ml.trainers.keras.text import KerasText
from ml.trainers.keras.text_fit import _cut
from ml.values.memory_bound import MemoryBound
from schemas.base import Scalar, Task
from schemas.errors import PackageError
from schemas.signature import Input, NumberDerivation, Output, Signature, TokensDerivation

pytestmark = [pytest.mark.own_worker, pytest.mark.slow, pytest.mark.untraced]
ROOM = MemoryBound(1 << 30, "a gigabyte")
LENGTH = 12
GOOD, BAD, PLAIN = ["lovely", "great", "joy"], ["awful", "poor", "mud"], ["the", "room", "was", "food", "and", "day"]
POOLINGS = ("attention", "convolution")


def rows(count: int, task: Task, *, scalars: bool = True, seed: int = 0) -> tuple[Matrix, Signature]:
    """Sentences whose class, or value, is told by one word in them, and by a number beside them."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 3 if task == "multiclass" else 2, count)
    texts = []
    for kind in kinds:
        words = list(draw.choice(PLAIN, draw.integers(0, LENGTH + 3)))
        said = [GOOD, BAD, ["so"]][kind]
        words.insert(int(draw.integers(0, min(len(words), LENGTH - 1) + 1)), str(draw.choice(said)))
        texts.append(" ".join(words))
    words = fit_vocabulary(texts, max_words=50).words
    numbers = draw.normal(size=(count, 1 if scalars else 0)).astype(np.float32)
    target: NDArray[Any] = kinds.astype(np.int64)
    if task == "regression":
        target = 10.0 * kinds + (numbers[:, 0] if scalars else 0)
    letters: list[Scalar] = ["a", "b", "c"]
    classes = None if task == "regression" else letters[: 3 if task == "multiclass" else 2]
    signature = Signature(
        inputs=[Input(name="probabilities", type="text")],
        derivations=[
            *([NumberDerivation(column="size")] if scalars else []),
            TokensDerivation(column="probabilities", words=words, length=LENGTH),
        ],
        features=["size"] if scalars else [],
        output=Output(task=task, target="y", classes=classes),
    )
    return Matrix(numbers, target, arrays={"probabilities": Tokens(words, LENGTH)(texts)}), signature


def fit(train, signature, **params):
    quick = {"epochs": 8, "embedding": 8, "filters": 8, "layers": [8], "learning_rate": 0.01, "dropout": 0.1, **params}
    return KerasText(KerasTextParams(**quick)).fit(train, train, signature, seed=3)


@pytest.fixture(scope="module", params=[(task, pooling) for task in ("binary", "regression") for pooling in POOLINGS])
def learnt(request):
    task, pooling = request.param
    train, signature = rows(600, task)
    return fit(train, signature, pooling=pooling), train, signature


def test_it_learns_which_words_matter(learnt):
    fitted, _, signature = learnt
    fresh, _ = rows(400, signature.output.task, seed=1)
    found = fitted.predict_arrays(fresh.all_arrays)
    if signature.output.task == "regression":
        assert np.abs(found.values - fresh.target).mean() < 2.0
    else:
        assert (found.codes == fresh.target).mean() > 0.95
    assert fitted.learning.training[-1] < fitted.learning.training[0]


def test_a_thousand_packaged_predictions_equal_the_trained_ones(learnt, tmp_path):
    fitted, train, signature = learnt
    export = fitted.export_arrays(tmp_path, train.all_arrays, ROOM)
    assert export.runtime == "onnx"
    packaged = load("onnx", (tmp_path / export.file).read_bytes(), signature.output)
    fresh, _ = rows(1000, signature.output.task, seed=2)
    assert difference(fitted.predict_arrays(fresh.all_arrays), packaged.predict_arrays(fresh.all_arrays)) is None
    assert set(packaged.inputs) == {FEATURES, "probabilities"}


def test_texts_that_are_cut_are_told(learnt):
    fitted, train, _ = learnt
    whole = np.asarray(train.arrays["probabilities"])
    share = (whole[:, -1] != 0).mean()
    expected = f"{share:.0%} of the training texts in 'probabilities' have {LENGTH} words or more, and no word behind"
    assert [text[: len(expected)] for text in fitted.warnings] == ([expected] if share > 0.05 else [])
    assert _cut("note", np.array([[3, 0], [3, 4]])) and not _cut("note", np.array([[3, 0]] * 20 + [[3, 4]]))


def test_neither_padding_nor_neighbours_have_a_say(learnt, tmp_path):
    fitted, train, signature = learnt
    fitted.export_arrays(tmp_path, train.all_arrays, ROOM)
    packaged = load("onnx", (tmp_path / "model.onnx").read_bytes(), signature.output)
    some = {name: array[:20] for name, array in train.all_arrays.items()}
    longer = {**some, "probabilities": np.pad(some["probabilities"], ((0, 0), (0, 9)))}
    alone = [{name: array[row : row + 1] for name, array in some.items()} for row in range(20)]
    for form in (fitted, packaged):
        whole = numbers(form.predict_arrays(some))
        assert np.allclose(numbers(form.predict_arrays(longer)), whole, atol=1e-6)
        assert np.allclose(np.concatenate([numbers(form.predict_arrays(one)) for one in alone]), whole, atol=1e-6)


def numbers(found):
    return found.values if found.probabilities is None else found.probabilities


def test_a_text_without_a_word_is_predicted_by_the_rest(learnt):
    fitted, _, _ = learnt
    empty = {FEATURES: np.zeros((3, 1), np.float32), "probabilities": np.zeros((3, LENGTH), np.int32)}
    found = numbers(fitted.predict_arrays(empty))
    assert np.isfinite(found).all() and np.ptp(found, axis=0).max() == 0


@pytest.mark.parametrize("pooling", POOLINGS)
def test_an_activation_without_a_translation_is_packaged_as_keras_holds_it(pooling, tmp_path):
    train, signature = rows(200, "multiclass")
    fitted = fit(train, signature, pooling=pooling, activation="mish", epochs=1, window=4)
    export = fitted.export_arrays(tmp_path, train.all_arrays, ROOM)
    assert export.runtime == "keras" and "'mish' has no translation" in export.reason
    packaged = load("keras", (tmp_path / FILE).read_bytes(), signature.output)
    assert isinstance(packaged, KerasArrays)
    assert difference(fitted.predict_arrays(train.all_arrays), packaged.predict_arrays(train.all_arrays)) is None


def test_texts_alone_are_enough_and_an_even_window_is_translated(tmp_path):
    train, signature = rows(200, "binary", scalars=False)
    fitted = fit(train, signature, pooling="convolution", window=4, epochs=1)
    assert fitted.export_arrays(tmp_path, train.all_arrays, ROOM).runtime == "onnx"
    packaged = load("onnx", (tmp_path / "model.onnx").read_bytes(), signature.output)
    assert list(packaged.inputs) == ["probabilities"]


def test_equal_networks_are_equal_files(tmp_path):
    train, signature = rows(100, "binary")
    written = []
    for _ in range(2):
        fit(train, signature, epochs=1, activation="mish").export_arrays(tmp_path, train.all_arrays, ROOM)
        written.append((tmp_path / FILE).read_bytes())
    assert written[0] == written[1]


def test_without_a_text_it_is_a_network_on_the_other_columns(tmp_path):
    train, signature = rows(50, "binary")
    alone = signature.model_copy(update={"derivations": signature.derivations[:1], "inputs": []})
    fitted = fit(replace(train, arrays={}), alone, epochs=1)
    assert not fitted.reads_arrays and fitted.export(tmp_path, train.features).runtime == "onnx"


@pytest.fixture(scope="module")
def unseen():
    """A network that ONNX cannot hold, and its rows."""
    train, signature = rows(50, "binary")
    return fit(train, signature, epochs=1, activation="mish"), train


@pytest.mark.parametrize(
    "columns", ["no", {"text_1": 3}, {"text_1": "probabilities", "features": "features", "more": "x"}]
)
def test_a_file_that_names_other_inputs_is_refused(columns, unseen, tmp_path, monkeypatch):
    from ml.trainers.keras.text_fitted import _OfTexts

    fitted, train = unseen
    monkeypatch.setattr(_OfTexts, "columns", lambda self: columns)
    with pytest.raises(PackageError, match=r"model\.keras cannot be"):
        fitted.export_arrays(tmp_path, train.all_arrays, ROOM)


def test_both_runtimes_are_looked_at_before_a_network_is_refused(learnt, tmp_path, monkeypatch):
    fitted, train, _ = learnt
    if fitted.head.classes:
        pytest.skip("one of the two tasks is enough")
    other = fit(*rows(50, "regression", seed=5), epochs=1)
    monkeypatch.setattr(onnx_runtime, "load", lambda *_: other)
    monkeypatch.setattr(keras_runtime, "load", lambda *_: other)
    with pytest.raises(PackageError, match=r"ONNX: does not predict the same.*keras: does not predict the same"):
        fitted.export_arrays(tmp_path, train.all_arrays, ROOM)
