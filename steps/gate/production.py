"""The version in production, scored on the candidate's test rows if neither was trained on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from ml.evaluate import evaluate
from ml.extended import ExtendedModel
from schemas.base import Strict
from schemas.data import Problem
from schemas.errors import PackageError
from schemas.package import SplitRecord
from serving.fetch import fetch


class Production(Strict):
    """Which version is in production, and where its package lies."""

    version: str
    package_url: str


@dataclass(frozen=True)
class Incumbent:
    """Production's metrics on the test rows, or why it cannot be compared."""

    scores: Mapping[str, float | None] | None = None
    not_comparable: str | None = None


def score_production(
    production: Production | None, test_set: pd.DataFrame, problem: Problem, plan: SplitRecord, seed: int
) -> Incumbent:
    """Score the version in production on `test_set`; a row that it may have been trained on makes it incomparable."""
    if production is None:
        return Incumbent()
    try:
        with opened(production) as model:
            reason = _why_not(model, test_set, problem, plan)
            if reason:
                return Incumbent(not_comparable=f"version {production.version} {reason}")
            return Incumbent(scores=evaluate(model, test_set, problem, seed)[0])
    except PackageError as error:
        return Incumbent(not_comparable=f"version {production.version} cannot be loaded: {error}")


@contextmanager
def opened(production: Production) -> Iterator[ExtendedModel]:
    """Fetch, verify and load the package in production; its folder goes at the end. Raises PackageError."""
    with TemporaryDirectory(prefix="drivetrain-production-") as cache:
        yield ExtendedModel.open(fetch(production.package_url, production.version, Path(cache)))


def _why_not(model: ExtendedModel, test_set: pd.DataFrame, problem: Problem, plan: SplitRecord) -> str | None:
    if model.manifest.data.split != plan:
        return "was trained under another split, so that it may have seen these test rows"
    output = model.signature.output
    if (output.target, output.task) != (problem.target, problem.task) or output.classes != problem.classes:
        return "answers another question (target, task or classes differ)"
    # The whole row decides its set: with other columns every row was drawn anew.
    known = {*(item.name for item in model.signature.inputs), *model.signature.ignored}
    changed = sorted(known ^ (set(map(str, test_set.columns)) - {problem.target}))
    if changed:
        return f"was trained on other columns ({', '.join(changed)} differ), so that it may have seen these test rows"
    return None
