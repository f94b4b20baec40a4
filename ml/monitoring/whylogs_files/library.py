"""The only module that imports whylogs, on first use and to write its files: the import costs 1.7 s, most need none.

whylogs 1.6 breaks on NumPy 2 in one place, a name that NumPy dropped, which is put back here.
"""

import os
from functools import cache
from types import SimpleNamespace

import numpy as np

from schemas.errors import PackageError


@cache
def whylogs() -> SimpleNamespace:
    """Import whylogs: it sends no usage statistics unless the environment says otherwise.

    Raises:
        PackageError: If it is not installed.
    """
    os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "1")
    vars(np).setdefault("unicode_", np.str_)
    try:
        import whylogs_sketching
        from whylogs.core.metrics import metric_components, metrics
        from whylogs.core.metrics.column_metrics import ColumnCountsMetric, TypeCountersMetric
        from whylogs.core.view.column_profile_view import ColumnProfileView
        from whylogs.core.view.dataset_profile_view import DatasetProfileView
    except ModuleNotFoundError as error:
        raise PackageError(
            f"a file of whylogs is written with it, and {error.name} is not installed: pip install whylogs"
        ) from error
    return SimpleNamespace(
        View=DatasetProfileView,
        ColumnView=ColumnProfileView,
        Counts=ColumnCountsMetric,
        Types=TypeCountersMetric,
        Distribution=metrics.DistributionMetric,
        Cardinality=metrics.CardinalityMetric,
        FrequentItems=metrics.FrequentItemsMetric,
        Integral=metric_components.IntegralComponent,
        Fractional=metric_components.FractionalComponent,
        Kll=metric_components.KllComponent,
        Hll=metric_components.HllComponent,
        Strings=metric_components.FrequentStringsComponent,
        sketching=whylogs_sketching,
    )
