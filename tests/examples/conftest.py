"""One world for all examples of the garage: their runs share homes and a worker."""

from collections.abc import Iterator

import pytest

from serving.process import services
from tests.lifecycle.conftest import World, fresh_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Fresh homes; whatever is deployed there is stopped at the end."""
    yield from fresh_world(tmp_path_factory.mktemp("garage"))


@pytest.fixture(scope="module", autouse=True)
def nothing_of_a_file_goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """Stop what a file has deployed at its end: services at rest take a sixth of a core together."""
    yield
    if request.node.get_closest_marker("garage") is not None:
        home = request.getfixturevalue("world").home
        for service in services.status(home):
            services.stop(home, service.deployment.name)
