"""Manifests that were rendered once, to be changed."""

import copy
from typing import Any

import pytest
import yaml

from serving.kubernetes.manifests import manifests
from tests.serving.kubernetes.changes import MEASURED
from tests.serving.process.test_unit import deployment


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return a Deployment, its Service and its autoscaler; to be left as they are."""
    return list(yaml.safe_load_all(manifests(deployment(tmp_path_factory.mktemp("house"), deadline=20.0), MEASURED)))


@pytest.fixture
def rendered(first: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return them, to be changed."""
    return copy.deepcopy(first)
