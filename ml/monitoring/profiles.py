"""Profiles of columns: exact counts and mergeable sketches of bounded size, in a file format of our own.

A number or date column keeps a KLL sketch (k = 1024: exact up to a thousand values, rank error 0.3 % beyond), a
category column the counts of its labels (exact up to 768 distinct ones, the most frequent beyond), an identifier
column how many were known. All keep rows, missing values, infinities and types, exactly, and an estimate of the
distinct values. A profile of many rows is made of profiles of pieces: a merge loses nothing that a profile of all of
them would have had. Files that whylogs wrote are read, too, without it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Self

from ml.features.summaries import summaries, summarized
from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.column_sketch import KNOWN, UNKNOWN, ColumnSketch
from ml.monitoring.column_summary import Values, summarize
from ml.package.profile_file import Role, is_profile, pack, unpack
from ml.predictions.codec import CONFIDENCE, LABEL, VALUE, Encoder
from ml.predictions.predictor import Cells, Predictions
from ml.text.vocabulary import known_elsewhere
from ml.values.label_text import label, printable
from schemas.column_types import ScalarType
from schemas.errors import PackageError
from schemas.signature import Signature

__all__ = ["KNOWN", "PREDICTIONS", "UNKNOWN", "Profile", "merge_all", "profile", "reference_profile"]

PREDICTIONS = (LABEL, CONFIDENCE, VALUE)
Sketches = Mapping[tuple[Role, str], ColumnSketch]


class Profile:
    """The columns of one set of rows, and the predictions on them."""

    def __init__(self, sketches: Sketches) -> None:
        self.sketches = sketches

    def columns(self) -> list[str]:
        """Return the names of the input columns."""
        return [name for role, name in self.sketches if role == "input"]

    def column(self, name: str) -> ColumnProfile | None:
        """Return an input column, or None where the profiled rows had no such column."""
        return self._read("input", printable(name))

    def prediction(self, name: str) -> ColumnProfile | None:
        """Return one of PREDICTIONS, or None."""
        return self._read("prediction", name)

    def merge(self, other: "Profile") -> "Profile":
        """Return the profile of both sets of rows; a column of one only keeps what that one saw.

        Raises:
            ValueError: If a column's kind differs.
        """
        return merge_all([self, other])

    def to_bytes(self) -> bytes:
        """Return the file, as `ml.package.profile_file` describes it."""
        return pack([one.to_stored(name, role) for (role, name), one in self.sketches.items()])

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote, or whylogs. Raises PackageError when it is neither."""
        if is_profile(content):
            return cls({(one.record.role, one.record.name): ColumnSketch.stored(one) for one in unpack(content)})
        from ml.monitoring.whylogs_files.reading import is_whylogs, read

        if is_whylogs(content):
            return cls(read(content))
        raise PackageError("the profile cannot be read: it is neither a profile of ours nor one of whylogs")

    def _read(self, role: Role, name: str) -> ColumnProfile | None:
        found = self.sketches.get((role, name))
        return None if found is None else found.read()


def merge_all(profiles: Iterable[Profile]) -> Profile:
    """Return the profile of the rows of all profiles; counts are exact, sketches within the error of one.

    Args:
        profiles: Of disjoint sets of rows, in any order; none give a profile without columns. A column that some lack
            keeps what the others saw.

    Raises:
        ValueError: If a column's kind differs; it names all such columns.
    """
    parts: dict[tuple[Role, str], list[ColumnSketch]] = {}
    for one in profiles:
        for key, sketch in one.sketches.items():
            parts.setdefault(key, []).append(sketch)
    clash = sorted(name for (_, name), many in parts.items() if len({part.kind for part in many}) > 1)
    if clash:
        raise ValueError(f"profiles of different kinds cannot be merged: {clash}")
    return Profile({key: ColumnSketch.merged(many) for key, many in parts.items()})


def profile(
    columns: Mapping[str, Values],
    kinds: Mapping[str, ScalarType],
    known: Mapping[str, Collection[str]] | None = None,
    predictions: Mapping[str, Values] | None = None,
) -> Profile:
    """Profile the columns that have a kind; empty columns and any mix of values are allowed.

    Args:
        columns: Values by column, each of shape (rows,): NumPy arrays are fastest, sequences may mix any scalars.
        kinds: How each column is read; a column without a kind is left out.
        known: For identifier columns the values that training knew; without it all are known.
        predictions: Values by one of PREDICTIONS.
    """
    lists = {name: {label(value) for value in values} for name, values in (known or {}).items()}
    found: dict[tuple[Role, str], ColumnSketch] = {
        ("input", printable(name)): ColumnSketch.of(summarize(values, kinds[name]), kinds[name], lists.get(name))
        for name, values in columns.items()
        if name in kinds
    }
    for name, values in (predictions or {}).items():
        kind: ScalarType = "category" if name == LABEL else "number"
        found["prediction", name] = ColumnSketch.of(summarize(values, kind), kind, None)
    return Profile(found)


def reference_profile(columns: Cells, signature: Signature, predictions: Predictions) -> bytes:
    """Return `reference.bin`: the profile of the training rows and of predictions.

    Args:
        columns: The training rows' inputs; of arrays their summaries are profiled.
        signature: Names and types of the inputs, known identifiers, classes.
        predictions: On the training rows. Their number may differ from the rows': predictions on rows that were
            not trained on are the better reference for a model that overfits.
    """
    known = {
        one.column: known_elsewhere(columns[one.column], frozenset(one.words), one.fewest, one.rival)
        for one in signature.words
        if one.column in columns
    }
    kinds = {one.column: one.type for one in summaries(signature.inputs)}
    found = Encoder(signature.output).columns(predictions)
    return profile(summarized(columns, signature.inputs, known), kinds, signature.identifiers(), found).to_bytes()
