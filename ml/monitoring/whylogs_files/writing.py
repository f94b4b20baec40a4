"""Profiles as files of whylogs: for whoever has tools that read those."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ml.monitoring.column_sketch import TYPES, ColumnSketch
from ml.monitoring.sketches import quantiles
from ml.monitoring.whylogs_files.library import whylogs
from ml.monitoring.whylogs_files.names import METADATA, stored
from ml.package.profile_file import Role

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # a profile depends on the rows only


def write(sketches: Mapping[tuple[Role, str], ColumnSketch]) -> bytes:
    """Return the file of whylogs 1 with the same counts and sketches; what it has no place for is in its metadata.

    The sample of labels is not in it, only how many occur once: what is read back merges that as an upper bound.

    Raises:
        PackageError: If whylogs is not installed.
    """
    library = whylogs()
    views = {stored(role, name): _column(library, one) for (role, name), one in sketches.items()}
    notes = {stored(role, name): {"kind": one.kind, "once": one.read().once} for (role, name), one in sketches.items()}
    view = library.View(columns=views, dataset_timestamp=_NO_TIME, creation_timestamp=_NO_TIME, metadata={})
    view._metadata = {METADATA: json.dumps(notes)}
    return bytes(view.serialize())


def _column(library: Any, one: ColumnSketch) -> Any:
    sketching = library.sketching
    counts, types = library.Counts.zero(), library.Types.zero()
    for component, number in ((counts.n, one.rows), (counts.null, one.missing), (counts.inf, one.infinite)):
        component.set(number)
    for name in TYPES:
        getattr(types, name).set(one.types[name])
    distribution = library.Distribution(
        kll=library.Kll(sketching.kll_doubles_sketch.deserialize(quantiles.older(one.quantiles))),
        mean=library.Fractional(one.moments.mean),
        m2=library.Fractional(one.moments.squares),
    )
    cardinality = library.Cardinality(hll=library.Hll(sketching.hll_sketch.deserialize(one.distinct)))
    labels = library.FrequentItems(
        frequent_strings=library.Strings(sketching.frequent_strings_sketch.deserialize(one.labels))
    )
    metrics = (counts, types, distribution, cardinality, labels)
    return library.ColumnView(metrics={metric.namespace: metric for metric in metrics})
