"""A trained-on table with every kind of column, its signature and reference."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import cells
from ml.monitoring.drift import Window, detect, window_of
from ml.monitoring.profiles import reference_profile
from ml.predictions.predictor import Predictions
from schemas.monitoring import MonitoringReport
from schemas.run import MonitorSpec
from schemas.signature import CategoryDerivation, IdentifierDerivation, Input, Output, Signature

SPEC = MonitorSpec()
COLORS = ["red", "green", "blue"]
USERS = [f"user-{number:03}" for number in range(60)]


def draw(rows, seed):
    """Rows of the world that the model learnt from, as a client sends them."""
    rng = np.random.default_rng(seed)
    days = np.datetime64("2024-01-01") + rng.integers(0, 365, rows)
    return [
        {
            "size": float(rng.normal(10, 2)),
            "gaps": None if rng.random() < 0.3 else float(rng.exponential()),
            "color": str(rng.choice(COLORS, p=[0.6, 0.3, 0.1])),
            "paid": bool(rng.random() < 0.4),
            "day": str(day),
            "user": str(rng.choice(USERS)),
        }
        for day in days
    ]


def answers(rows, seed, yes=0.5):
    """Predictions as the journal has them."""
    rng = np.random.default_rng(seed)
    labels = ["yes" if draw < yes else "no" for draw in rng.random(rows)]
    sure = rng.uniform(0.5, 1.0, rows).tolist()
    return [
        {"label": label, "probabilities": {label: share, "no" if label == "yes" else "yes": 1 - share}}
        for label, share in zip(labels, sure, strict=True)
    ]


@dataclass(frozen=True)
class World:
    """A signature and its reference profile."""

    signature: Signature
    reference: bytes

    def judge(self, inputs, replies=None, spec=SPEC) -> MonitoringReport:
        """Detect on rows as the journal has them."""
        replies = answers(len(inputs), 99) if replies is None else replies
        return self.detect(window_of(inputs, replies, self.signature), spec)

    def detect(self, window: Window, spec=SPEC) -> MonitoringReport:
        """Detect on a window."""
        return detect(self.reference, window, self.signature, spec, model="m", version="3")


def make_world():
    """Return the world: 500 training rows."""
    frame = pd.DataFrame(draw(500, 1))
    signature = Signature(
        inputs=[
            Input(name="size", type="number", range=(float(frame["size"].min()), float(frame["size"].max()))),
            Input(name="gaps", type="number", nullable=True),
            Input(name="color", type="category", categories=COLORS),
            Input(name="paid", type="boolean"),
            Input(name="day", type="date"),
            Input(name="user", type="identifier"),
        ],
        derivations=[
            CategoryDerivation(column="color", categories=COLORS),
            IdentifierDerivation(column="user", values=USERS),
        ],
        features=[],
        output=Output(task="binary", target="t", classes=["no", "yes"]),
    )
    codes = np.random.default_rng(2).integers(0, 2, 500)
    sure = np.random.default_rng(3).uniform(0.5, 1.0, 500)
    table = np.where(codes[:, None] == [0, 1], sure[:, None], 1 - sure[:, None])
    return World(
        signature, reference_profile(cells(frame, signature), signature, Predictions(codes=codes, probabilities=table))
    )


@pytest.fixture(scope="session")
def world():
    """The world of these tests."""
    return make_world()
