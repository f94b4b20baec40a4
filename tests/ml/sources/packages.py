"""Packages with data that a test needs: skipped where they are not, or failed where nothing may be skipped."""

import os

import pytest

from ml.sources.package_dataset import PackageDataset, PackageDatasetName, PackageDatasetParams


def installed(name: PackageDatasetName) -> PackageDataset:
    """Return the source of a table whose package is installed; without it the test is skipped, or fails."""
    source = PackageDataset(PackageDatasetParams(dataset=name))
    for fault in source.preflight():
        tell = pytest.fail if os.environ.get("DRIVETRAIN_TESTS_NEED_ALL") else pytest.skip
        tell(f"{fault.message}; {fault.hint}")
    return source


_OF_PACKAGES: dict[str, PackageDatasetName] = {
    "house_price": "ames",
    "missing_word": "kjv_gaps",
    "spam": "spam_assassin",
}


def require_tables(experiment: str) -> None:
    """Skip the test, or let it fail, where a shipped experiment's table comes with a package that is not installed."""
    if experiment in _OF_PACKAGES:
        installed(_OF_PACKAGES[experiment])
