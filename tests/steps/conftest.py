"""What these tests share with those of the command line and of data sources."""

from tests.cli.conftest import empty, faults, load, outside
from tests.ml.conftest import plan, postgresql

__all__ = ["empty", "faults", "load", "outside", "plan", "postgresql"]
