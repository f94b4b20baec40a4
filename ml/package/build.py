"""From a trained object to its package: the candidate package that `train` writes, and the sealed one."""

import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml.explanations.linear import agrees
from ml.features.cells import cells
from ml.features.derive import Deriver
from ml.package import model_card, storage
from ml.package.memory import memory_bound
from ml.package.model import PackagedModel
from ml.package.parity import REPLAYED
from ml.package.samples import samples_of
from ml.predictions.abstention import with_threshold
from ml.predictions.predictor import FEATURES, Arrays
from ml.text.language import DISTRIBUTION
from ml.values.memory_bound import MemoryBound
from schemas.choice import Choice
from schemas.errors import PackageError
from schemas.evaluation import Evaluation, GateVerdict
from schemas.home import ROOT
from schemas.package import Baseline, DataRecord, Manifest, Naming, SplitRecord
from schemas.retraining import LineageRecord
from schemas.review import ReviewRecord
from schemas.run import PackageSpec
from schemas.signature import Signature

if TYPE_CHECKING:
    from ml.components.trainer import Export, Fitted

_COMPARED = 500  # training rows for which a linear form must give the model's predictions
UNNAMED = Naming(
    model="candidate",
    label="unnamed",
    split=SplitRecord(method=Choice(name="unnamed"), salt="", test=0, validation=0),
)
"""What a candidate package is called until it is sealed: a name must not decide whether training is reused."""
_LIBRARIES = ("numpy", "onnx", "onnxruntime", "pandas", "pydantic", "scikit-learn", "skl2onnx", "skops")


def build_candidate(
    root: Path,
    *,
    fitted: "Fitted",
    signature: Signature,
    train: pd.DataFrame,
    model: str,
    trainer: Choice,
    seed: int,
    data: DataRecord,
    review: ReviewRecord | None = None,
    package: PackageSpec | None = None,
) -> Manifest:
    """Export a trained object and write it as a candidate package under `root`: no evaluation, verdict or profile yet.

    Args:
        root: The package's folder, which must not exist yet.
        fitted: What the trainer fitted.
        signature: Its inputs and derivations, without a review threshold.
        train: The training rows; some of them are replayed through the packaged form, and 32 are kept as samples.
        model: The model's name, for the manifest and the card.
        trainer: The trainer's name and parameters, for both too.
        seed: The seed of its random choices.
        data: Where the rows come from, with their fingerprint.
        review: The review threshold, which goes into the signature, and how it was chosen.
        package: The bounds of the packaged form; None: those that hold where nothing is declared.

    Raises:
        PackageError: If no runtime predicts as the trained object does within the bounds, or `root` exists.
    """
    signature = with_threshold(signature, review)
    example = Deriver(signature).arrays(cells(train.head(REPLAYED), signature))
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=root.parent) as folder:
        export = _export(fitted, Path(folder), example, memory_bound(package or PackageSpec()))
        manifest = _manifest(
            fitted,
            export,
            model=model,
            trainer=trainer,
            seed=seed,
            data=data,
            review=review,
            tells_languages=any(one.languages for one in signature.inputs),
        )
        files: dict[str, bytes | Path] = {
            storage.SIGNATURE: signature.model_dump_json(indent=1).encode(),
            storage.SAMPLES: samples_of(fitted, signature, train).model_dump_json().encode(),
            storage.CARD: model_card.render(manifest, signature).encode(),
            export.file: Path(folder) / export.file,
            **_explanation(fitted, example),
        }
        sealed = storage.write(root, files, manifest)
    try:
        packaged = PackagedModel.open(root)
        packaged.check_samples()
        if fitted.reads_arrays:
            packaged.check_rows(fitted, example)
    except BaseException:
        shutil.rmtree(root)  # a package that cannot be used is not left behind
        raise
    return sealed


def seal(
    candidate: Path,
    root: Path,
    *,
    evaluation: Evaluation,
    baseline: Baseline | None,
    gate: GateVerdict | None,
    reference: bytes | None,
    naming: Naming | None = None,
    retraining: LineageRecord | None = None,
) -> Manifest:
    """Seal a candidate package as `root`: its files, the reference profile, the verdict and the card.

    Args:
        candidate: The candidate package's folder; each file is checked while it is copied.
        root: The sealed package's folder, which must not exist yet.
        evaluation: What the model scores.
        baseline: What its baseline scores.
        gate: The gate's verdict.
        reference: The profile of the training rows.
        naming: Model, data and split; None keeps what the candidate says.
        retraining: Which labelled rows were learnt from beside those of training; None: none.

    Raises:
        PackageError: If the candidate package is damaged or `root` exists.
    """
    known = storage.read_manifest(candidate)
    storage.require_plain_files(candidate, known)
    signature = storage.read_signature(candidate, known)
    scored = None if baseline is None else baseline.model_dump(mode="json")
    measured = {"evaluation": evaluation, "baseline": scored, "gate": gate, "retraining": retraining}
    manifest = known.model_copy(update={**measured, "files": {}})
    if naming is not None:
        data = known.data.model_copy(update={"label": naming.label, "split": naming.split})
        manifest = manifest.model_copy(update={"model": naming.model, "data": data})
    files: dict[str, bytes | Path] = {name: candidate / name for name in known.files}
    files[storage.CARD] = model_card.render(manifest, signature).encode()
    if reference is not None:
        files[storage.REFERENCE] = reference
    sealed = storage.write(root, files, manifest)
    _require_copied(known, sealed, root)
    return sealed


def libraries(beside: Sequence[str] = ()) -> dict[str, str]:
    """Return the versions of the libraries that decide what a model predicts; those not installed are left out.

    Args:
        beside: Distributions that this model depends on, beside those of every model.
    """
    found = {}
    for name in sorted({*_LIBRARIES, *beside}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git_commit(folder: Path) -> str | None:
    """Return the commit that is checked out in `folder`, or None where git or a commit is not to be had."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _manifest(
    fitted: "Fitted",
    export: "Export",
    *,
    model: str,
    trainer: Choice,
    seed: int,
    data: DataRecord,
    review: ReviewRecord | None,
    tells_languages: bool,
) -> Manifest:
    return Manifest(
        model=model,
        runtime=export.runtime,
        runtime_file=export.file,
        runtime_reason=export.reason,
        trainer=trainer,
        seed=seed,
        data=data,
        git_commit=git_commit(ROOT),
        python=platform.python_version(),
        libraries=libraries([*fitted.libraries, *([DISTRIBUTION] if tells_languages else [])]),
        learning=fitted.learning,
        review=review,
        rules=list(fitted.records),
        warnings=list(fitted.warnings),
        files={},
    )


def _explanation(fitted: "Fitted", example: Arrays) -> dict[str, bytes]:
    """Return what explains a linear model exactly, as a file by its name; none where it is not linear."""
    some = np.asarray(example[FEATURES])[:_COMPARED]
    for form in () if fitted.reads_cells or fitted.reads_arrays else fitted.linear_forms():
        if agrees(form, some, fitted.predict(some)):
            return {storage.EXPLANATION: form.model_dump_json().encode()}
    return {}


def _require_copied(known: Manifest, sealed: Manifest, root: Path) -> None:
    changed = [name for name, record in known.files.items() if name != storage.CARD and sealed.files[name] != record]
    if changed:
        shutil.rmtree(root)
        raise PackageError(f"The candidate package's files {changed} changed while they were copied")


def _export(fitted: "Fitted", folder: Path, example: Arrays, memory: MemoryBound) -> "Export":
    if fitted.reads_arrays:
        return fitted.export_arrays(folder, example, memory)
    return fitted.export_within(folder, np.asarray(example[FEATURES]), memory)
