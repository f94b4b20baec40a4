"""The version that the code names is that of the project."""

import tomllib

from schemas.home import ROOT
from schemas.own_version import VERSION


def test_it_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
