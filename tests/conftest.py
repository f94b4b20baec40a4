"""How the suite spreads over two cores."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a folder on one worker: its tests share a session's real lap or service. `own_worker` files go alone."""
    for item in items:
        folder, *_ = item.path.relative_to(ROOT).parts
        alone = item.get_closest_marker("own_worker") is not None
        item.add_marker(pytest.mark.xdist_group(item.path.stem if alone else folder))
