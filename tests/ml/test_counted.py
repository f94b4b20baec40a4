"""A long loop tells how far it has come, a short one says nothing."""

import logging

from ml.values import counted as module
from ml.values.counted import counted
from schemas.plan import PROGRESS


def test_a_short_loop_says_nothing(caplog):
    with caplog.at_level(logging.INFO, logger=PROGRESS):
        assert list(counted("abc", "letters")) == ["a", "b", "c"]
    assert caplog.records == []


def test_a_long_loop_counts(caplog, monkeypatch):
    monkeypatch.setattr(module, "_EVERY", 0)
    with caplog.at_level(logging.INFO, logger=PROGRESS):
        assert list(counted(range(1001), "comparing: column"))[-1] == 1000
    assert caplog.messages[-1] == "comparing: column: 1,000 of 1,001"
