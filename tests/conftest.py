"""How the suite spreads over the workers."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent
_TOGETHER = ("lap", "models", "serving")  # their tests share a session's real lap, models or service


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file on one worker, and of some folders all files; a file marked `own_worker` goes alone."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):  # type: ignore[misc,unused-ignore]
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid.partition("::")[0])

    return Together(config, log)


@cache
def _group(file: str) -> str:
    path = ROOT.parent / file
    folder, *_ = path.relative_to(ROOT).parts
    alone = "pytest.mark.own_worker" in path.read_text(encoding="utf-8")
    return folder if folder in _TOGETHER and not alone else file
