"""By which seconds latencies are counted, and which budgets can therefore be watched."""

from typing import Annotated

from pydantic import Field

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the bounds of the buckets of every histogram of `/metrics`. What takes longer than the largest is told as
that one, so that no alert could say that it is above it."""

WatchedBudget = Annotated[float, Field(gt=0, lt=BOUNDS[-1])]
"""Seconds within which 99 of 100 requests are to be answered: less than the largest bound."""
