"""A package is written whole or not at all, and damage to any byte of it is found."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ml.package import storage
from ml.package.build import build_candidate, seal
from ml.package.model import PackagedModel
from ml.split.hashing import HASHING
from ml.trainers.sklearn.presets import LogisticRegression, PresetParams
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.errors import PackageError
from schemas.evaluation import Evaluation, GateVerdict
from schemas.home import ROOT
from schemas.package import Baseline
from steps.gate.production import Production, score_production


@pytest.fixture(scope="module")
def final(benches, record, tmp_path_factory):
    bench, folder = benches["binary"], tmp_path_factory.mktemp("final")
    fitted = LogisticRegression(PresetParams()).fit(bench.matrix, bench.matrix, bench.signature, seed=0)
    trainer = Choice(name="logistic_regression", params={"C": 1.0})
    build_candidate(
        folder / "draft",
        fitted=fitted,
        signature=bench.signature,
        train=bench.train,
        model="m",
        trainer=trainer,
        seed=0,
        data=record,
    )
    seal(
        folder / "draft",
        folder / "package",
        evaluation=Evaluation(metrics={"test": {"roc_auc": 0.9}}, intervals={"test": {"roc_auc": (0.8, 0.95)}}),
        baseline=Baseline(name="majority", metrics={"test": {"roc_auc": 0.5}}),
        gate=GateVerdict(passed=True, checks=[]),
        reference=b"profile",
    )
    return folder / "package"


@pytest.fixture
def copy(final, tmp_path):
    return Path(shutil.copytree(final, tmp_path / "copy"))


def test_final_package_holds_every_part(final):
    assert {path.name for path in final.iterdir()} == {
        "card.md", "explanation.json", "manifest.json", "manifest.sha256", "model.onnx", "reference.bin",
        "samples.json", "signature.json",
    }  # fmt: skip
    manifest = storage.verify(final)
    assert manifest.baseline == {"name": "majority", "metrics": {"test": {"roc_auc": 0.5}}}
    assert manifest.libraries["scikit-learn"] and manifest.python.startswith("3.")
    card = (final / "card.md").read_text()
    assert "| test | roc_auc | 0.9 | 0.8 to 0.95 |" in card and "`majority`" in card and "größe in cm" in card


@pytest.mark.parametrize(
    "name",
    ["card.md", "manifest.json", "manifest.sha256", "model.onnx", "reference.bin", "samples.json", "signature.json"],
)
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_one_flipped_byte_is_found(name, place, copy):
    data = bytearray((copy / name).read_bytes())
    data[int(place * (len(data) - 1))] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(PackageError, match=name.replace("manifest.sha256", "manifest")):
        PackagedModel.open(copy)


@pytest.mark.parametrize("name", ["card.md", "manifest.json", "manifest.sha256", "model.onnx", "samples.json"])
def test_missing_file_is_named(name, copy):
    (copy / name).unlink()
    with pytest.raises(PackageError, match=name):
        storage.verify(copy)


def test_foreign_file_and_link_are_found(copy):
    (copy / "more.txt").write_text("x")
    (copy / "card.md").rename(copy.parent / "card.md")
    (copy / "card.md").symlink_to(copy.parent / "card.md")
    with pytest.raises(PackageError, match=r"more\.txt does not belong to it; card\.md is not a plain file"):
        storage.verify(copy)


def test_manifest_cannot_point_outside_the_package(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["../outside"] = manifest["files"]["card.md"]
    raw = json.dumps(manifest).encode()
    (copy / "manifest.json").write_bytes(raw)
    (copy / "manifest.sha256").write_bytes(storage._seal(raw))
    with pytest.raises(PackageError, match=r"names files outside of it: \['\.\./outside'\]"):
        storage.verify(copy)


def test_package_is_never_overwritten(final):
    manifest = storage.verify(final)
    before = (final / "manifest.json").read_bytes()
    with pytest.raises(PackageError, match="never overwritten"):
        storage.write(final, {"card.md": b"other"}, manifest)
    assert (final / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "manifest.json"])
def test_file_names_are_plain(name, final, tmp_path):
    with pytest.raises(PackageError, match="cannot hold files named"):
        storage.write(tmp_path / "new", {name: b""}, storage.verify(final))


def test_no_more_files_are_written_than_can_be_fetched(final, tmp_path):
    with pytest.raises(PackageError, match="cannot hold 101 files; 100 at most"):
        storage.write(tmp_path / "new", {f"f{number}": b"" for number in range(101)}, storage.verify(final))
    assert list(tmp_path.iterdir()) == []


def test_failure_while_writing_leaves_nothing(final, tmp_path):
    with pytest.raises(FileNotFoundError):
        storage.write(tmp_path / "new", {"a": b"1", "b": tmp_path / "absent"}, storage.verify(final))
    assert list(tmp_path.iterdir()) == []


def test_killed_writer_leaves_nothing_under_the_final_name(final, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = (
        "import sys; from pathlib import Path; from ml.package import storage\n"
        "final, root, pipe = map(Path, sys.argv[1:])\n"
        "storage.write(root, {'a': b'1', 'b': pipe}, storage.verify(final))"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, final, tmp_path / "new", pipe], cwd=ROOT)
    with pipe.open("wb") as feed:  # opens when the writer is in the middle of the second file
        feed.write(b"half")
        feed.flush()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    assert not (tmp_path / "new").exists()
    with pytest.raises(PackageError, match="There is no package"):
        storage.verify(tmp_path / "new")


def test_sample_check_finds_a_model_that_predicts_differently(copy):
    samples = json.loads((copy / "samples.json").read_text())
    samples["probabilities"][0] = samples["probabilities"][0][::-1]
    files = {path.name: path.read_bytes() for path in copy.iterdir() if not path.name.startswith("manifest")}
    files["samples.json"] = json.dumps(samples).encode()
    storage.write(copy.parent / "other", files, storage.verify(copy))
    model = PackagedModel.open(copy.parent / "other")
    with pytest.raises(PackageError, match="a probability differs"):
        model.check_samples()


def test_samples_hold_rows_with_missing_values(final):
    sample = storage.samples(final)
    assert (
        sample.codes is not None and len(sample.codes) == 32 and any(None in column for column in sample.cells.values())
    )


def test_service_side_imports_are_light(final):
    code = (
        "import sys; from pathlib import Path; from ml.package.model import PackagedModel\n"
        "PackagedModel.open(Path(sys.argv[1])).check_samples()\n"
        "print([name for name in ('pandas', 'sklearn', 'onnx', 'skops', 'matplotlib', 'zenml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, final], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_package_whose_rows_were_drawn_otherwise_is_not_compared(final, benches, record):
    bench = benches["binary"]
    schema = TableSchema(problem=bench.problem, columns=[])
    in_production = Production(version="3", package_url=str(final))

    def scored(plan):
        return score_production(in_production, bench.train, schema, plan)

    assert record.split.hashing == 1 and HASHING > 1, "packages that do not state it were drawn in the first way"
    assert scored(record.split).not_comparable is None
    later = record.split.model_copy(update={"hashing": HASHING})
    assert "drew its rows in another way" in scored(later).not_comparable
    by_time = {"method": Choice(name="time"), "by": "when"}
    assert "another split" in scored(record.split.model_copy(update=by_time)).not_comparable


def remove(path):
    path.unlink()


def make_a_folder(path):
    path.unlink()
    path.mkdir()


def make_a_link(path):
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def change_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def put_another_beside(path):
    path.with_name("other").write_text("")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (remove, "model.onnx is missing"),
        (make_a_folder, "model.onnx is not a plain file"),
        (make_a_link, "model.onnx is not a plain file"),
        (change_a_byte, "'model.onnx'. changed while they were copied"),
        (put_another_beside, "other does not belong to it"),
    ],
)
def test_a_damaged_candidate_is_not_sealed(damage, reason, final, tmp_path):
    candidate = Path(shutil.copytree(final.parent / "draft", tmp_path / "here" / "draft"))
    damage(candidate / "model.onnx")
    with pytest.raises(PackageError, match=reason):
        seal(
            candidate, tmp_path / "package", evaluation=Evaluation(metrics={}), baseline=None, gate=None, reference=None
        )
    assert not (tmp_path / "package").exists() and not list(tmp_path.glob(".*"))
