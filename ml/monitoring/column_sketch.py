"""What a profile keeps of one column: exact counts, moments, and sketches as bytes."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from ml.monitoring.column_profile import ColumnProfile, Numbers
from ml.monitoring.column_summary import ColumnSummary, TypeName
from ml.monitoring.sketches import cardinality, distinct_sample, labels, quantiles
from ml.monitoring.sketches.damage import SketchError, require
from ml.monitoring.sketches.moments import Moments
from ml.package.profile_file import ColumnRecord, Role, StoredColumn
from schemas.column_types import ScalarType
from schemas.errors import PackageError

KNOWN, UNKNOWN = "known", "unknown"
TYPES: tuple[TypeName, ...] = ("integral", "fractional", "boolean", "string", "object")
_MERGES: Mapping[str, Callable[[Sequence[bytes]], bytes]] = {
    "quantiles": quantiles.merge,
    "labels": labels.merge,
    "distinct": cardinality.merge,
}


@dataclass(frozen=True)
class ColumnSketch:
    """One column of a profile.

    Exact: `rows`, `missing`, `infinite`, `types`, and of `moments` the number. `sample` is None in a profile that
    whylogs kept; then `once` is an upper bound of the labels that occur once.
    """

    kind: ScalarType
    rows: int
    missing: int
    infinite: int
    types: Mapping[TypeName, int]
    moments: Moments
    quantiles: bytes = field(repr=False)
    labels: bytes = field(repr=False)
    distinct: bytes = field(repr=False)
    sample: bytes | None = field(repr=False)
    once: int | None = None

    @classmethod
    def of(cls, found: ColumnSummary, kind: ScalarType, known: Collection[str] | None) -> Self:
        """Return the sketch of values; of an identifier, whose labels are too many, how many of them are `known`."""
        return cls(
            kind=kind,
            rows=found.rows,
            missing=found.missing,
            infinite=found.infinite,
            types={name: found.types.get(name, 0) for name in TYPES},
            moments=Moments.of(found.numbers),
            quantiles=quantiles.sketch(found.numbers),
            labels=labels.sketch(_weights(found, kind, known)),
            distinct=cardinality.of_labels(found.counts) if found.counts else cardinality.of_numbers(found.numbers),
            sample=distinct_sample.sketch(found.counts),
        )

    @classmethod
    def merged(cls, parts: Sequence["ColumnSketch"]) -> "ColumnSketch":
        """Return the sketch of the values of all parts, at least one, which have one kind."""
        if len(parts) == 1:
            return parts[0]
        types: Counter[TypeName] = Counter()
        for part in parts:
            types.update(part.types)
        samples = [part.sample for part in parts if part.sample is not None]
        whole = len(samples) == len(parts)
        sketches = {name: merge([getattr(part, name) for part in parts]) for name, merge in _MERGES.items()}
        return cls(
            kind=parts[0].kind,
            rows=sum(part.rows for part in parts),
            missing=sum(part.missing for part in parts),
            infinite=sum(part.infinite for part in parts),
            types={name: types[name] for name in TYPES},
            moments=Moments.merged([part.moments for part in parts]),
            quantiles=sketches["quantiles"],
            labels=sketches["labels"],
            distinct=sketches["distinct"],
            sample=distinct_sample.merge(samples) if whole else None,
            once=None if whole else _once_merged(parts, sketches["labels"]),
        )

    @classmethod
    def stored(cls, column: StoredColumn) -> Self:
        """Read a column of a file. Raises PackageError where a sketch is none, or is not that of the counts."""
        record, sketches = column.record, column.sketches
        try:
            kept = quantiles.read(sketches["quantiles"])
            found = labels.read(sketches["labels"])
            cardinality.estimate(sketches["distinct"])
            if "sample" in sketches:
                distinct_sample.read(sketches["sample"])
            n = kept.n if kept else 0
            present = record.rows - record.missing
            require(n + record.infinite <= present and found.total <= present, "it has more values than the rows")
            require(("sample" in sketches) == (record.once is None), "either a sample or its count must be there")
        except SketchError as error:
            raise PackageError(
                f"the profile cannot be read: a sketch of column {record.name!r} is damaged: {error}"
            ) from error
        return cls(
            kind=record.kind,
            rows=record.rows,
            missing=record.missing,
            infinite=record.infinite,
            types={name: record.types.get(name, 0) for name in TYPES},
            moments=Moments(n, _float(record.mean, n), _float(record.squares, n)),
            quantiles=sketches["quantiles"],
            labels=sketches["labels"],
            distinct=sketches["distinct"],
            sample=sketches.get("sample"),
            once=record.once,
        )

    def to_stored(self, name: str, role: Role) -> StoredColumn:
        """Return the column as a file has it."""
        sketches = {"quantiles": self.quantiles, "labels": self.labels, "distinct": self.distinct}
        if self.sample is not None:
            sketches["sample"] = self.sample
        return StoredColumn(
            ColumnRecord.model_validate(
                {
                    "name": name,
                    "role": role,
                    "kind": self.kind,
                    "rows": self.rows,
                    "missing": self.missing,
                    "infinite": self.infinite,
                    "types": dict(self.types),
                    "mean": _null(self.moments.mean),
                    "squares": _null(self.moments.squares),
                    "once": self.once,
                    "sketches": {key: len(image) for key, image in sketches.items()},
                }
            ),
            sketches,  # type: ignore[arg-type]
        )

    def read(self) -> ColumnProfile:
        """Return what the column says."""
        kept = quantiles.read(self.quantiles)
        return ColumnProfile(
            kind=self.kind,
            rows=self.rows,
            missing=self.missing,
            infinite=self.infinite,
            types=dict(self.types),
            numbers=None if kept is None else Numbers(kept, self.moments.deviation),
            counts=dict(labels.read(self.labels).counts),
            distinct=cardinality.estimate(self.distinct),
            once=distinct_sample.once(self.sample) if self.sample is not None else (self.once or 0),
        )


def _weights(found: ColumnSummary, kind: ScalarType, known: Collection[str] | None) -> Mapping[str, int]:
    if kind != "identifier":
        return found.counts
    total = sum(found.counts.values())
    inside = total if known is None else sum(times for text, times in found.counts.items() if text in known)
    return {text: times for text, times in ((KNOWN, inside), (UNKNOWN, total - inside)) if times}


def _once_merged(parts: Sequence[ColumnSketch], merged: bytes) -> int:
    """Return how many labels occur once: exactly where all counts are exact, else not fewer than there are."""
    found = labels.read(merged)
    if found.error == 0 and parts[0].kind != "identifier":
        return sum(times == 1 for times in found.counts.values())
    return sum(distinct_sample.once(one.sample) if one.sample is not None else (one.once or 0) for one in parts)


def _null(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _float(number: float | None, n: int) -> float:
    return number if number is not None else (math.nan if n else 0.0)
