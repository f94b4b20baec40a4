"""A network: parameters, seeds, progress, what it learns from, both packaged forms, and which files are refused."""

import importlib.util
import json
import logging
import math
import random
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ml.components.matrix import Matrix
from ml.features.cells import cells
from ml.package.parity import difference
from ml.runtimes import keras_backend
from ml.runtimes import onnx as onnx_runtime
from ml.runtimes.keras import FILE, TRUSTED, KerasModel
from ml.runtimes.load import load
from ml.runtimes.onnx import OnnxModel
from ml.trainers.keras.fitted import FittedKeras
from ml.trainers.keras.mlp import KerasMlp
from ml.trainers.keras.network import build, prepare
from ml.trainers.keras.onnx import ACTIVATIONS, Graph
from ml.trainers.keras.params import Activation, KerasMlpParams
from ml.values.memory_bound import MemoryBound
from schemas.errors import ConfigurationError, ContentError, PackageError
from schemas.home import ROOT
from schemas.plan import PROGRESS

pytestmark = [pytest.mark.own_worker, pytest.mark.slow]
_BOUNDS = (float(np.float32(-1e25)), float(np.float32(1e25)))
TASKS = ("binary", "multiclass", "regression")


def fit(bench, *, seed=5, train=None, validation=None, **params):
    trainer = KerasMlp(KerasMlpParams(**{"epochs": 2, "layers": [8], "batch_size": 100, **params}))
    return trainer.fit(train or bench.matrix, validation or bench.matrix, bench.signature, seed=seed)


def weights(fitted):
    return [one.tobytes() for one in fitted.model.get_weights()]


def rebuilt(data: bytes, name: str, change) -> bytes:
    """Return a copy of a `.keras` file with one JSON member changed."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as given, zipfile.ZipFile(target, "w") as taken:
        for member in given.namelist():
            content = given.read(member)
            taken.writestr(member, json.dumps(change(json.loads(content))) if member == name else content)
    return target.getvalue()


@pytest.fixture(scope="module")
def keras_file(benches, tmp_path_factory):
    """A `.keras` file of a network for two classes, and the network."""
    fitted, folder = fit(benches["binary"], activation="mish"), tmp_path_factory.mktemp("file")
    export = fitted.export(folder, benches["binary"].matrix.features)
    assert export.runtime == "keras" and "'mish' has no translation" in export.reason
    return (folder / FILE).read_bytes(), fitted


def test_importing_the_trainer_imports_nothing_heavy():
    code = (
        "import sys, ml.trainers.keras.mlp as m; m.KerasMlp.faults({'backend': 'jax'}, 'auto')\n"
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'keras', 'jax', 'onnxruntime') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_parameter_is_described_and_bounded():
    assert all(field.description for field in KerasMlp.Params.model_fields.values())
    wrong = {
        "layers": [0],
        "dropout": 1.0,
        "l2": -1,
        "learning_rate": 0,
        "epochs": 0,
        "batch_size": 0,
        "patience": 0,
        "optimizer": "adamm",
        "activation": "softmax",
        "backend": "theano",
        "class_weight": "even",
        "layer": [3],
    }
    with pytest.raises(ValidationError) as caught:
        KerasMlp.Params(**wrong)
    assert {error["loc"][0] for error in caught.value.errors()} == set(wrong)


def test_a_backend_that_is_not_installed_is_a_fault_with_the_command(monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr("ml.runtimes.keras_backend.find_spec", lambda name: None if name == "torch" else known(name))
    found = KerasMlp.faults({"backend": "torch"}, "binary")
    assert [fault.path for fault in found] == ["backend"]
    assert "torch is not installed" in found[0].message and "pip install 'keras>=3.15' 'torch" in found[0].hint
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    assert "keras and jax are not installed" in KerasMlp.faults({}, "auto")[0].message


def test_class_weights_of_a_regression_are_a_fault():
    assert [fault.path for fault in KerasMlp.faults({"class_weight": "balanced"}, "regression")] == ["class_weight"]
    assert KerasMlp.faults({"class_weight": "balanced"}, "auto") == []


def test_a_second_backend_in_one_process_is_refused(benches, monkeypatch):
    fit(benches["binary"])
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: object())
    with pytest.raises(ConfigurationError, match="one backend a process"):
        fit(benches["binary"], backend="torch")


def test_keras_leaves_the_persons_home_and_environment_alone(tmp_path):
    code = (
        "import os; from ml.runtimes import keras_backend; keras = keras_backend.load('jax')\n"
        "print(keras.config.backend(), 'KERAS_HOME' in os.environ, 'KERAS_BACKEND' in os.environ)"
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "numpy"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["jax", "False", "True"] and list(tmp_path.iterdir()) == []


@pytest.mark.untraced
def test_the_same_seed_gives_the_same_weights_bit_for_bit_and_another_seed_others(benches):
    first, again, other = (fit(benches["binary"], seed=seed, dropout=0.2) for seed in (7, 7, 8))
    assert weights(first) == weights(again) != weights(other)
    assert first.learning == again.learning


@pytest.mark.untraced
def test_the_same_seed_gives_the_same_weights_in_another_process(benches):
    code = (
        "from tests.ml.bench import bench\n"
        "from ml.trainers.keras.mlp import KerasMlp\n"
        "bench = bench('binary')\n"
        "trainer = KerasMlp(KerasMlp.Params(epochs=2, layers=[8], batch_size=100, dropout=0.2))\n"
        "fitted = trainer.fit(bench.matrix, bench.matrix, bench.signature, seed=7)\n"
        "print([one.tobytes().hex() for one in fitted.model.get_weights()])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    here = [one.hex() for one in weights(fit(benches["binary"], seed=7, dropout=0.2))]
    assert done.stdout.strip().splitlines()[-1] == str(here)


@pytest.mark.untraced
def test_training_leaves_the_random_generators_of_others_alone(benches):
    random.seed(1), np.random.seed(1)
    before = random.getstate(), np.random.get_state(legacy=False)["state"]["key"].tolist()
    fit(benches["regression"])
    assert (random.getstate(), np.random.get_state(legacy=False)["state"]["key"].tolist()) == before


def test_every_epoch_is_logged_in_one_line_and_nothing_is_printed(benches, caplog, capfd):
    with caplog.at_level(logging.INFO, logger=PROGRESS):
        fit(benches["binary"], epochs=3)
    told = [record.getMessage() for record in caplog.records if record.name == PROGRESS]
    assert [text.split(":")[0] for text in told] == ["epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]
    assert all(": loss 0." in text and ", validation 0." in text for text in told)
    assert capfd.readouterr().out == ""


@pytest.mark.untraced
def test_training_stops_when_the_validation_loss_gets_no_better_and_keeps_the_best_epoch(benches):
    bench, draw = benches["binary"], np.random.default_rng(0)
    # Labels of chance: what is learnt from the training rows makes the predictions for others worse.
    noise = Matrix(bench.matrix.features, draw.integers(0, 2, 700))
    train, validation = (Matrix(noise.features[part], noise.target[part]) for part in (slice(100), slice(100, 700)))
    long = {"layers": [64], "learning_rate": 0.01}
    fitted = fit(bench, train=train, validation=validation, epochs=60, patience=4, **long)
    curves = fitted.learning
    assert curves.stopped_early and len(curves.training) == len(curves.validation) == curves.best_epoch + 4
    assert curves.best_epoch == int(np.argmin(curves.validation)) + 1
    again = fitted.predict(validation.features).probabilities[np.arange(600), validation.target]
    assert -np.log(again).mean() == pytest.approx(curves.validation[curves.best_epoch - 1], rel=1e-4)
    assert len(fit(bench, train=train, validation=validation, epochs=12, patience=None, **long).learning.training) == 12


@pytest.mark.untraced
def test_an_overfit_training_is_diagnosed(benches):
    bench, draw = benches["binary"], np.random.default_rng(0)
    train = Matrix(bench.matrix.features[:60], draw.integers(0, 2, 60))
    validation = Matrix(bench.matrix.features[60:], draw.integers(0, 2, 640))
    curves = fit(bench, train=train, validation=validation, epochs=60, patience=None, layers=[64, 64]).learning
    assert curves.diagnosis == "overfits"
    assert fit(bench, train=train, validation=validation, epochs=1, learning_rate=1e-6).learning.diagnosis != "fine"


@pytest.mark.untraced
def test_validation_rows_without_a_known_target_are_left_out(benches):
    for task, unknown in (("multiclass", -1), ("multiclass", 2), ("regression", math.nan)):
        bench = benches[task]
        target = bench.matrix.target.copy()
        target[:600] = unknown  # class 2 of the list is one that no training row has
        partly = fit(bench, validation=Matrix(bench.matrix.features, target)).learning
        rest = fit(bench, validation=Matrix(bench.matrix.features[600:], target[600:])).learning
        assert partly == rest
        nothing = fit(bench, validation=Matrix(bench.matrix.features[:600], target[:600]), epochs=3).learning
        assert nothing.validation == [] and nothing.best_epoch == 3 and not nothing.stopped_early


@pytest.mark.untraced
def test_balanced_weights_find_more_of_a_rare_class(benches):
    bench = benches["binary"]
    score = np.nan_to_num(bench.matrix.features[:, 0], nan=170)
    rare = Matrix(bench.matrix.features, (score + np.random.default_rng(0).normal(0, 10, 700) > 190).astype(np.int64))
    found = [
        fit(bench, train=rare, validation=rare, epochs=15, class_weight=weight).predict(rare.features).codes.sum()
        for weight in (None, "balanced")
    ]
    assert 0 < rare.target.sum() < 60 and found[1] > 2 * found[0]


def test_with_class_weights_both_losses_and_the_constant_are_weighted_alike(benches):
    bench = benches["binary"]
    rare = (bench.matrix.target == 1) & (np.arange(700) % 5 == 0)
    target = rare.astype(np.int64)
    known = Matrix(bench.matrix.features, target)
    fitted = fit(bench, train=known, validation=known, epochs=4, class_weight="balanced")
    right = -np.log(fitted.predict(known.features).probabilities[np.arange(700), target])
    assert fitted.learning.validation[-1] == pytest.approx(
        np.mean([right[target == one].mean() for one in (0, 1)]), rel=1e-4
    )
    assert abs(fitted.learning.training[-1] - fitted.learning.validation[-1]) < 0.1
    assert fitted.learning.loss == "class-weighted cross-entropy"


def test_what_cannot_be_trained_on_is_a_content_error(benches):
    binary, regression = benches["binary"], benches["regression"]
    for bench, target, said in (
        (binary, np.zeros(700, dtype=np.int64), "same class"),
        (binary, np.where(np.arange(700) < 3, -1, binary.matrix.target), "3 of 700 training rows"),
        (regression, np.full(700, np.nan), "700 of 700 training rows"),
        (regression, np.linspace(0, 1e300, 700), "too large to learn from"),
    ):
        with pytest.raises(ContentError, match=said):
            fit(bench, train=Matrix(bench.matrix.features, target))
    with pytest.raises(ContentError, match="No input column"):
        fit(binary, train=Matrix(binary.matrix.features[:, :0], binary.matrix.target))


def test_a_loss_that_is_no_number_ends_the_training_with_advice(benches):
    with pytest.raises(ContentError, match=r"diverged in epoch \d+.*try trainer\.learning_rate=0\.001$"):
        fit(benches["regression"], optimizer="sgd", learning_rate=1e30, epochs=20)


def test_constant_target_is_predicted_everywhere(benches):
    bench = benches["regression"]
    fitted = fit(bench, train=Matrix(bench.matrix.features, np.full(700, 42.0)), epochs=20)
    assert np.abs(fitted.predict(bench.ask()).values - 42).max() < 5
    assert fitted.learning.diagnosis == "fine"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(*_BOUNDS, width=32) | st.just(math.nan), min_size=3, max_size=3), min_size=1, max_size=8
    )
)
def test_preparation_is_finite_whatever_the_numbers(table):
    found = prepare(np.array(table, dtype=np.float32), {})
    assert all(np.isfinite(part).all() for part in (found.medians, found.means, found.inverse))
    assert found.width == 3


def test_preparation_is_that_of_scikit_learns_trainers(benches):
    from ml.trainers.sklearn.pipeline import FittedPipeline
    from ml.trainers.sklearn.presets import LogisticRegression, PresetParams

    bench = benches["binary"]
    fitted = LogisticRegression(PresetParams()).fit(bench.matrix, bench.matrix, bench.signature, seed=0)
    assert isinstance(fitted, FittedPipeline)
    steps = fitted.pipeline.named_steps["features"].named_transformers_["numbers"].named_steps
    ours = prepare(bench.matrix.features, fitted.categories)
    assert np.array_equal(ours.medians, steps["impute"].statistics_.astype(np.float32))
    assert np.allclose(ours.means, steps["scale"].mean_, rtol=1e-6)
    assert np.allclose(1 / ours.inverse, steps["scale"].scale_, rtol=1e-5)


def untrained(bench, **params):
    """Return a network with the weights that it starts with: to compare forms of it nothing need be compiled."""
    keras = keras_backend.load("jax")
    base, chosen = fit(bench), KerasMlpParams(**params)
    keras.utils.set_random_seed(3)
    _, model = build(keras, chosen, base.preparation, base.head, bench.matrix.features.shape[1])
    return replace(base, params=chosen, model=model)


@pytest.mark.untraced
def test_every_activation_predicts_the_same_in_its_packaged_form(benches, tmp_path):
    bench = benches["multiclass"]  # the head of each task: test_packaged_form_equals_trained_object
    for activation in get_args(Activation):
        fitted = untrained(bench, activation=activation, layers=[16, 8])
        export = fitted.export(tmp_path, bench.matrix.features)
        assert export.runtime == ("onnx" if activation in ACTIVATIONS else "keras"), export.reason
        model = load(export.runtime, (tmp_path / export.file).read_bytes(), bench.signature.output)
        assert difference(fitted.predict(bench.ask()), model.predict(bench.ask())) is None


@pytest.mark.parametrize(("activation", "runtime"), [("relu", "onnx"), ("mish", "keras")])
def test_normalisation_dropout_and_penalty_are_packaged_with_how_it_learnt(
    activation, runtime, benches, packaged, tmp_path
):
    bench = benches["multiclass"]
    fitted = fit(bench, activation=activation, batch_normalization=True, dropout=0.1, l2=1e-4, epochs=5)
    model = packaged(fitted, bench, tmp_path / "package", trainer="keras_mlp")
    predictions = model.predict(cells(bench.asked, bench.signature))
    assert difference(fitted.predict(bench.ask()), predictions) is None
    assert model.manifest.runtime == runtime and model.manifest.learning == fitted.learning
    assert {"keras", "jax"} <= set(model.manifest.libraries)
    assert f"Learning curves: {fitted.learning.diagnosis}" in (model.root / "card.md").read_text(encoding="utf-8")


@pytest.mark.untraced
def test_a_linear_network_and_one_of_categories_only_are_packaged(benches, tmp_path):
    bench = benches["multiclass"]
    assert untrained(bench, layers=[]).export(tmp_path, bench.matrix.features).runtime == "onnx"
    coded = [position for position, name in enumerate(bench.signature.features) if name == "color"]
    only = Matrix(bench.matrix.features[:, coded], bench.matrix.target)
    signature = bench.signature.model_copy(
        update={"derivations": [one for one in bench.signature.derivations if one.kind == "category"]}
    )
    fitted = KerasMlp(KerasMlpParams(epochs=1)).fit(only, only, signature, seed=0)
    assert isinstance(fitted, FittedKeras) and fitted.preparation.width == 3
    assert fitted.export(tmp_path, only.features).runtime == "onnx"


def test_a_file_that_predicts_otherwise_is_no_package(benches, tmp_path, monkeypatch):
    from ml.trainers.keras import export as keras_export
    from ml.trainers.keras import onnx

    fitted = fit(benches["binary"])
    monkeypatch.setitem(onnx.ACTIVATIONS, "relu", lambda graph, x: graph.add("Tanh", x))
    export = fitted.export(tmp_path, benches["binary"].matrix.features)
    assert export.runtime == "keras" and "ONNX: does not predict the same" in export.reason
    other = fit(benches["binary"], seed=6)
    monkeypatch.setattr(keras_export, "_file", lambda _: (tmp_path / FILE).read_bytes())
    with pytest.raises(PackageError, match="cannot be packaged"):
        other.export(tmp_path, benches["binary"].matrix.features)


def test_a_network_that_is_too_large_to_be_packaged_is_refused_before(benches, tmp_path):
    bound = MemoryBound(30_000_000, "the 0.03 GB of package.memory=29")
    with pytest.raises(PackageError) as refused:
        fit(benches["binary"]).export_within(tmp_path, benches["binary"].matrix.features, bound)
    assert "ONNX: to make it takes about 0.035 GB of memory, more than the 0.03 GB of package.memory" in str(
        refused.value
    )
    assert str(refused.value).endswith("or make the network smaller (trainer.layers)") and not list(tmp_path.iterdir())


def test_a_network_that_onnx_cannot_hold_is_packaged_as_keras_holds_it(benches, tmp_path, monkeypatch):
    from ml.trainers.keras import export as keras_export

    def too_large(*_):
        raise ValueError("Message onnx.ModelProto exceeds maximum protobuf size of 2GB")

    for place, name in ((keras_export, "convert"), (onnx_runtime, "load")):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, too_large)
            export = fit(benches["binary"]).export(tmp_path, benches["binary"].matrix.features)
        assert export.runtime == "keras" and export.reason.startswith("ONNX: does not convert (ValueError: Message")


def test_a_number_of_the_graph_has_no_axis():
    graph = Graph()
    graph.number(2.5)
    assert list(graph.constants[0].dims) == []


@pytest.mark.untraced
def test_equal_networks_are_equal_files(benches, tmp_path):
    for runtime, activation in (("model.onnx", "relu"), (FILE, "mish")):
        written = []
        for _ in range(2):
            fit(benches["binary"], activation=activation).export(tmp_path, benches["binary"].matrix.features)
            written.append((tmp_path / runtime).read_bytes())
        assert written[0] == written[1]


@pytest.mark.untraced
def test_any_number_of_rows_is_predicted_alike(benches, keras_file):
    data, fitted = keras_file
    model, asked = KerasModel.load(data, benches["binary"].signature.output), benches["binary"].ask()
    whole = model.predict(asked).probabilities
    for count in (0, 1, 2, 63, 64, 65, 200):
        part = model.predict(asked[:count])
        assert part.probabilities is not None and whole is not None and part.probabilities.shape == (count, 2)
        assert np.allclose(part.probabilities, whole[:count], atol=1e-6)
    assert difference(fitted.predict(asked), model.predict(asked)) is None


def test_no_weights_are_drawn_where_those_of_the_file_replace_them(keras_file, benches, monkeypatch):
    import keras

    def draw(*_args, **_options):
        raise AssertionError("drawn")

    monkeypatch.setattr(keras.initializers.GlorotUniform, "__call__", draw)
    KerasModel.load(keras_file[0], benches["binary"].signature.output)


def test_a_file_names_its_backend(keras_file):
    with zipfile.ZipFile(BytesIO(keras_file[0])) as archive:
        assert json.loads(archive.read("metadata.json"))["backend"] == "jax"


def test_a_file_is_loaded_in_a_process_of_its_own_with_the_backend_it_names(keras_file, benches, tmp_path):
    (tmp_path / FILE).write_bytes(keras_file[0])
    (tmp_path / "output.json").write_text(benches["binary"].signature.output.model_dump_json())
    np.save(tmp_path / "asked.npy", benches["binary"].ask())
    code = (
        "import sys, pathlib, numpy; folder = pathlib.Path(sys.argv[1])\n"
        "from ml.runtimes.load import load; from schemas.signature import Output\n"
        "output = Output.model_validate_json((folder / 'output.json').read_bytes())\n"
        "model = load('keras', (folder / 'model.keras').read_bytes(), output)\n"
        "numpy.save(folder / 'answer.npy', model.predict(numpy.load(folder / 'asked.npy')).probabilities)\n"
        "print([name for name in ('matplotlib', 'pandas', 'sklearn', 'torch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    expected = keras_file[1].predict(benches["binary"].ask()).probabilities
    assert np.abs(np.load(tmp_path / "answer.npy") - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("runtime", "libraries", "expected"),
    [
        ("keras", ["keras", "jax"], True),
        ("keras", ["numpy"], False),
        ("onnx", ["keras", "jax"], False),
        ("none", ["jax"], False),
    ],
)
def test_only_what_a_package_needs_is_imported_ahead(runtime, libraries, expected):
    code = (
        "import sys; from ml.runtimes.load import prepare\n"
        f"prepare({runtime!r}, {libraries!r}); print('keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(expected)


def test_our_own_files_hold_nothing_that_is_not_on_the_list(keras_file):
    with zipfile.ZipFile(BytesIO(keras_file[0])) as archive:
        text = archive.read("config.json").decode()
    assert "Lambda" not in text and "Lambda" not in TRUSTED


def _with_activation(whole, changes):
    layer = next(one for one in whole["config"]["layers"] if one["class_name"] == "Activation")
    layer.update(changes)
    return whole


@pytest.mark.parametrize(
    "changes",
    [
        {"class_name": "Lambda", "module": "keras.layers"},
        {"class_name": "Activation", "module": "os"},
        {"class_name": "Mine", "module": "my.layers", "registered_name": "mine>Mine"},
        {"class_name": "Activation", "registered_name": "mine>Activation"},
        {"class_name": "TorchModuleWrapper"},
        {"config": {"activation": {"class_name": "function", "module": "builtins", "config": "exec"}}},
        {"config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}},
    ],
)
def test_a_file_with_foreign_or_lambda_layers_is_refused(changes, keras_file, benches):
    damaged = rebuilt(keras_file[0], "config.json", lambda config: _with_activation(config, changes))
    with pytest.raises(PackageError, match="not on the list of built-in layers"):
        load("keras", damaged, benches["binary"].signature.output)


@pytest.mark.parametrize("keep", [0, 10, 1000])
def test_a_file_that_is_cut_off_is_refused(keep, keras_file, benches):
    with pytest.raises(PackageError, match="cannot be loaded"):
        KerasModel.load(keras_file[0][:keep], benches["binary"].signature.output)


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_file_with_a_damaged_part_is_refused(name, keras_file, benches):
    with zipfile.ZipFile(BytesIO(keras_file[0])) as archive:
        part = archive.getinfo(name)
    damaged = bytearray(keras_file[0])
    damaged[part.header_offset + 30 + len(name) + part.compress_size // 2] ^= 0xFF
    with pytest.raises(PackageError, match="cannot be loaded"):
        KerasModel.load(bytes(damaged), benches["binary"].signature.output)


@pytest.mark.parametrize("depth", [600, 900])
def test_a_file_that_is_nested_deeply_is_refused(depth, keras_file, benches):
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    data = rebuilt(keras_file[0], "config.json", lambda config: {**config, "build_config": deep})
    with pytest.raises(PackageError, match="cannot be"):
        KerasModel.load(data, benches["binary"].signature.output)


def test_a_file_that_does_not_fit_its_task_or_lacks_parts_is_refused(keras_file, benches):
    with pytest.raises(PackageError, match="it is not for a regression task"):
        KerasModel.load(keras_file[0], benches["regression"].signature.output)
    broken: Any
    for broken in ({}, [], {"class_name": "Dense", "module": "keras.layers", "config": {}}):
        with pytest.raises(PackageError, match="cannot be"):
            KerasModel.load(
                rebuilt(keras_file[0], "config.json", lambda _, to=broken: to), benches["binary"].signature.output
            )


def test_graph_predicts_numbers_for_extreme_and_missing_numbers(benches, tmp_path):
    bench = benches["multiclass"]
    fit(bench).export(tmp_path, bench.matrix.features)
    model = OnnxModel.load((tmp_path / "model.onnx").read_bytes(), bench.signature.output)
    far = np.finfo(np.float32).max
    odd = np.array([[far], [-far], [np.nan], [np.inf], [-np.inf]], dtype=np.float32)
    predictions = model.predict(np.repeat(odd, bench.matrix.features.shape[1], axis=1))
    assert predictions.probabilities is not None
    assert np.isfinite(predictions.probabilities).all() and (predictions.probabilities[:, 2] == 0).all()
    assert np.allclose(predictions.probabilities.sum(axis=1), 1, atol=1e-5)
