"""What all tests of stacks need."""

import pytest

from schemas.home import ROOT


@pytest.fixture(scope="session", autouse=True)
def sources_are_found_in_the_repository() -> None:
    """Tell ZenML where our flavors are: a worker of pytest has no main module that would, as `run.py` does."""
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(ROOT))
