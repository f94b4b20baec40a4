"""One world for all examples of the garage: their runs share homes and a worker."""

from collections.abc import Iterator

import pytest

from tests.lifecycle.conftest import World, fresh_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Fresh homes; whatever is deployed there is stopped at the end."""
    yield from fresh_world(tmp_path_factory.mktemp("garage"))
