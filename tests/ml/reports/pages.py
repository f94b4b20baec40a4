"""The five pages, each with names and sentences that would be markup if they were not escaped."""

import numpy as np
import pandas as pd

from ml.checks import page as checks
from ml.evaluation import report as evaluation
from ml.evaluation.plots import confusion_matrix
from ml.explore import page as exploration
from ml.monitoring import report as monitoring
from schemas.base import Severity
from schemas.data import Column
from schemas.evaluation import CheckOutcome, DataCheck, DataReport, Evaluation, GateVerdict
from schemas.monitoring import ColumnDrift, DetectableChange, Distribution, MonitoringReport, Performance
from schemas.signature import Input, Output, Signature
from serving.http import docs_page
from serving.http.app import ENDPOINTS
from serving.http.openapi import document
from tests.ml.explore.exploring import look

EVIL = "<script>alert('x')</script>&\"" + "n" * 90
"""A name that is markup, and longer than a phone is wide."""


def monitored() -> str:
    """The monitoring report: a drawing of each kind, labels of two versions."""
    labels = Distribution(column=EVIL, kind="category", labels=[EVIL, "b"], reference=[0.5, 0.5], window=[1, 0])
    numbers = Distribution(column="size", kind="number", edges=[0, 1, 2], reference=[0.5, 0.5], window=[0.1, 0.9])
    columns = [ColumnDrift(column=name, verdict="drift", why=EVIL, missing_share=0.25) for name in (EVIL, "size")]
    performance = [
        Performance(version=version, labelled=1, predictions=2, metric=EVIL, verdict="no_verdict", why=EVIL)
        for version in ("1", EVIL)
    ]
    return monitoring.render(
        MonitoringReport(
            model=EVIL,
            version="1",
            verdict="drift",
            why=EVIL,
            rows=12,
            columns=columns,
            predictions=columns[0],
            detectable=[DetectableChange(column=EVIL, statistic="missing_share", value=0.1, why=EVIL)],
            distributions=[labels, numbers],
            prediction_distributions=[labels],
            performance=performance,
        )
    )


def evaluated() -> str:
    """The evaluation, with two sets, a baseline and a picture."""
    scores = Evaluation(
        metrics={"validation": {EVIL: 0.5, "r2": None}, "test": {"r2": 0.25}},
        intervals={"test": {"r2": (0.1, 0.4)}},
        rows={"train": 3},
    )
    pictures = {EVIL: confusion_matrix(np.array([0, 1]), np.array([0, 1]), [EVIL, "b"])}
    outcomes = [
        CheckOutcome(name=EVIL, value=0.25, threshold=None, passed=passed, why=EVIL) for passed in (True, False)
    ]
    gate = GateVerdict(passed=False, checks=outcomes)
    return evaluation.render_evaluation(
        EVIL, scores, pictures, gate=gate, made_by=EVIL, baseline={"r2": 0.1}, review=[EVIL]
    )


def explored() -> str:
    """The look at a table of both kinds of drawing."""
    rows = pd.DataFrame({EVIL: ["<b>", "c"] * 50, "size": [0.5 * number for number in range(100)]})
    return exploration.render(look(rows.assign(target=rows["size"] * 2), "target"))


def checked() -> str:
    """The data checks, one of each outcome."""
    states: list[tuple[Severity, bool]] = [("fail", False), ("warn", False), ("fail", True)]
    return checks.render(
        DataReport(
            passed=False,
            rows=1200,
            columns=[Column(name=EVIL, type="number", declared=False, why=EVIL)],
            checks=[
                DataCheck(name=EVIL, severity=severity, passed=passed, message=EVIL) for severity, passed in states
            ],
        )
    )


def documented() -> str:
    """The service's documentation."""
    signature = Signature(
        inputs=[Input(name=EVIL, type="number"), Input(name="kind", type="category", categories=[EVIL], nullable=True)],
        derivations=[],
        features=[],
        output=Output(task="regression", target="t"),
    )
    return docs_page.docs(document(ENDPOINTS, EVIL, "1", signature, {EVIL: 1.5}))


PAGES = {
    "monitoring": monitored,
    "evaluation": evaluated,
    "exploration": explored,
    "checks": checked,
    "docs": documented,
}
