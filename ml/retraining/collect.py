"""Labelled rows, drawn as those of training were, and joined with them."""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.features.summaries import SHA256, is_single
from ml.package.model import PackagedModel
from ml.retraining.frames import frame_of, keys_of, read_plainly
from ml.retraining.join import SETS, Plan, joined, last_of_each, sets_of
from ml.retraining.judging import judge_labels
from ml.retraining.rows import LabelledRow
from schemas.column_names import composed
from schemas.data import Problem
from schemas.errors import ContentError, listed
from schemas.retraining import Collection, RetrainSpec, Taking


@dataclass(frozen=True)
class Original:
    """The rows of training: all of them, and by set; `arrays` are the columns that hold arrays."""

    rows: pd.DataFrame
    sets: dict[str, pd.DataFrame]
    problem: Problem
    arrays: Sequence[str]


@dataclass(frozen=True)
class Found:
    """Labelled rows of the journal, those labelled last at the end; of `gone` more the request is there no more."""

    rows: Sequence[LabelledRow]
    gone: int


@dataclass(frozen=True)
class Joined:
    """What there is to train and to compare with; `used` lists the labelled rows with what each is used for."""

    collection: Collection
    rows: pd.DataFrame
    train: pd.DataFrame
    validation: pd.DataFrame
    recent: pd.DataFrame
    used: pd.DataFrame


@dataclass(frozen=True)
class _New:
    rows: list[LabelledRow]
    frame: pd.DataFrame
    keys: list[Hashable]
    left_out: dict[str, int]


def collect(
    found: Found,
    original: Original,
    model: PackagedModel,
    version: str,
    plan: Plan,
    taking: Taking,
    spec: RetrainSpec,
    seed: int,
) -> Joined:
    """Judge the labels, draw the new rows and join them. Test rows of training are only looked at for which they are.

    Args:
        found: What the journal has.
        original: What training has.
        model: The version in production, which reads rows and whose predictions labels are judged by.
        version: Its name.
        plan: How rows are drawn.
        taking: What retraining is for.
        spec: As declared.
        seed: Of the judgement.

    Raises:
        ContentError: If the rows of the journal have other columns than those of training, or are digests only.
    """
    _require_inputs(model, original.rows, version)
    _require_whole(found, model)
    new, target = _usable(found, original, model, spec), original.problem.target
    sources = judge_labels(model, new.frame, [one.source for one in new.rows], original.problem, spec.poison, seed)
    known: dict[Hashable, str] = {}
    for name in SETS:
        known |= dict.fromkeys(keys_of(original.sets[name], model.signature), name)
    sets = sets_of(new.frame, new.keys, original.rows, known, target, plan)
    parts = {name: new.frame[sets == name] for name in SETS}
    train, old_train, new_train = joined(original.sets["train"], parts["train"], spec, target)
    validation, old_validation, new_validation = joined(original.sets["validation"], parts["validation"], spec, target)
    counts = {"train": new_train, "validation": new_validation}
    collection = Collection(
        cause=taking.cause,
        production=version,
        last_label=taking.last_label,
        as_of=taking.as_of,
        labelled=len(found.rows) + found.gone,
        left_out={reason: count for reason, count in new.left_out.items() if count},
        new=counts,
        original={"train": old_train, "validation": old_validation, "test": len(original.sets["test"])},
        recent=len(parts["test"]),
        join=spec.join,
        share=spec.share,
        sources=sources,
    )
    everything = pd.concat([train, validation, original.sets["test"]], ignore_index=True)
    recent = parts["test"].reset_index(drop=True)
    return Joined(collection, everything, train, validation, recent, _used(new.rows, sets, counts))


def too_few(collection: Collection, spec: RetrainSpec) -> str | None:
    """Return why there are too few rows to train with, None where there are enough."""
    rows = sum(collection.new.values()) + collection.recent
    if rows >= spec.min_labels:
        return None
    gone = ", ".join(f"{count:,} {why}" for why, count in collection.left_out.items())
    text = f"{rows:,} of {collection.labelled:,} labelled rows can be used, fewer than retrain.min_labels"
    return f"{text} {spec.min_labels:,}" + (f" ({gone})" if gone else "")


def _require_inputs(model: PackagedModel, rows: pd.DataFrame, version: str) -> None:
    names = {str(name) for name in rows.columns}
    gone = [one.name for one in model.signature.inputs if one.name not in names]
    if gone:
        raise ContentError(
            f"the rows of training no longer have {listed([repr(name) for name in gone], 5)}, which version {version} "
            "in production takes: the journal holds rows of other columns. Train and deploy with the columns of now "
            "first: pipeline=lifecycle"
        )


def _require_whole(found: Found, model: PackagedModel) -> None:
    """Raise ContentError where the journal kept no more of an array or a text than its digest."""
    large = {one.name for one in model.signature.inputs if not is_single(one)}
    for one in found.rows:
        for name, value in one.inputs.items():
            if composed(str(name)) in large and isinstance(value, dict) and SHA256 in value:
                raise ContentError(
                    f"the journal holds no more of {name!r} than a digest, from which nothing can be learnt: declare "
                    "journal.keep: whole; what was predicted before stays as it is, and retrain.window leaves it out"
                )


def _usable(found: Found, original: Original, model: PackagedModel, spec: RetrainSpec) -> _New:
    wanted = [one for one in found.rows if one.source not in spec.exclude]
    inputs = read_plainly([one.inputs for one in wanted], model.signature)
    labels = [one.label for one in wanted]
    frame = frame_of(inputs, labels, original.rows, original.problem, original.arrays)
    left_out = {"no longer in the journal": found.gone, "of excluded sources": len(found.rows) - len(wanted)}
    labelled = frame[original.problem.target].notna().to_numpy(dtype=bool)
    left_out["with a label that the problem does not have"] = int((~labelled).sum())
    new = _New(wanted, frame, keys_of(frame, model.signature) if len(frame) else [], left_out)
    new = _kept(new, labelled)
    if spec.duplicates == "drop":
        last = last_of_each(new.keys)
        left_out["labelled again later"] = int((~last).sum())
        new = _kept(new, last)
    return new


def _kept(new: _New, wanted: NDArray[np.bool_]) -> _New:
    places = np.flatnonzero(wanted).tolist()
    frame = new.frame.iloc[places].reset_index(drop=True)
    return _New([new.rows[one] for one in places], frame, [new.keys[one] for one in places], new.left_out)


def _used(rows: Sequence[LabelledRow], sets: NDArray[np.str_], counts: dict[str, int]) -> pd.DataFrame:
    """Return the list of rows with what each is used for; of a set the newest are those that were joined."""
    use = sets.astype(object)
    for name, count in counts.items():
        places = np.flatnonzero(sets == name)
        use[places[: len(places) - count]] = "beyond the share"
    use[sets == "test"] = "comparison"
    use[sets == ""] = "in no set"
    return pd.DataFrame(
        {
            "request_id": pd.Series([one.request_id for one in rows], dtype="str"),
            "index": pd.Series([one.row for one in rows], dtype="int64"),
            "label": pd.Series([json.dumps(one.label) for one in rows], dtype="str"),
            "source": pd.Series([one.source for one in rows], dtype="str"),
            "labelled": pd.Series([one.label_time for one in rows], dtype="float64"),
            "predicted": pd.Series([one.time for one in rows], dtype="float64"),
            "version": pd.Series([one.version for one in rows], dtype="str"),
            "use": pd.Series(use.tolist(), dtype="str"),
        }
    )
