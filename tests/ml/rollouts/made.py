"""Observations made by hand."""

import numpy as np

from ml.rollouts.observations import Observations
from ml.rollouts.rollout import begin
from schemas.rollout import RolloutSpec
from schemas.rollout_state import Reference

REFERENCE = Reference(slow=[0.01, 0.02, 0.05], bins=[0.25] * 4, loss=0.1)
STAGES = [{"share": 0.1, "requests": 40}, {"share": 0.5, "requests": 100}, {"share": 1}]


def spec_of(**declared):
    return RolloutSpec(**{"stages": STAGES, "timeout": None, **declared})


def started(spec, reference=REFERENCE, time=0.0):
    return begin(spec, reference, time)


def requests(new, *, share, start=0.0, gap=1.0, failed=(), labelled=(), loss=0.0):
    """Requests of which those where `new` is true are the new version's, all alike but those that failed.

    A share of 0: both versions answered, and `failed` are those that failed with the new one. Those `labelled` are
    labels of the version that answered instead of requests.
    """
    new = np.asarray(new, dtype=bool)
    n = len(new)
    seen = np.stack([~new, new], axis=1) | (share == 0)
    labels = np.isin(np.arange(n), labelled)[:, None]
    base = np.where(seen & ~labels, 0.0, np.nan)
    errors = base.copy()
    errors[list(failed), 1 if share == 0 else new[list(failed)].astype(int)] = 1.0
    return Observations(
        times=start + gap * np.arange(1, n + 1),
        shares=np.full(n, float(share)),
        failed=errors,
        latency=base + 0.005,
        invalid=base,
        bins=base[:, :, None] + [0.0, 1.0, 0.0, 0.0],
        loss=np.where(seen & labels, loss, np.nan),
    )


def joined(*parts):
    names = ("times", "shares", "failed", "latency", "invalid", "bins", "loss")
    return Observations(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
