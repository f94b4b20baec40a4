"""Made-up traffic for rollouts: what both versions would do with each request, of which a rollout sees its part.

It is meant to be hard on tests that take requests for independent draws: arrivals in bursts, latencies with a heavy
tail that rise with load and by the hour, incidents in which many requests fail whichever version answers, requests of
several rows that resemble each other, predictions that drift during the day, labels that come late and for some only. A
day is 3,600 seconds long, so that a rollout sees all of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.rollouts.observations import Floats, Observations
from ml.rollouts.reference import BINS, reference, shares
from schemas.rollout_state import Reference

Mask = NDArray[np.bool_]
RATE, DAY, BURST = 10.0, 3600.0, 50
_EDGES = np.array([-1.15, -0.67, -0.32, 0.0, 0.32, 0.67, 1.15])  # eighths of the normal distribution


@dataclass(frozen=True)
class Fault:
    """What is wrong with a new version; nothing, by default.

    Attributes:
        failing: Share of requests that fail besides.
        slower: Factor of the latency.
        invalid: Share of requests besides of which some or all rows get no valid prediction.
        shift: Of predictions, in their standard deviations.
        worse: Expected loss besides.
        silent: Whether no row gets a valid prediction.
    """

    failing: float = 0.0
    slower: float = 1.0
    invalid: float = 0.0
    shift: float = 0.0
    worse: float = 0.0
    silent: bool = False


@dataclass(frozen=True)
class Traffic:
    """n requests with both versions' outcomes, and labels; `event_*` are both in the order of their arrival.

    `event_request` is the request of each event, `event_is_label` whether the event is its label.
    """

    outcomes: Observations
    event_times: Floats
    event_request: NDArray[np.intp]
    event_is_label: Mask

    def observed(self, start: int, stop: int, share: Floats, is_new: Mask) -> Observations:
        """Return what a rollout sees of some events.

        Args:
            start: Index of the first event.
            stop: Index after the last.
            share: Of each request, (n,), the share when it was routed; 0 for a shadow.
            is_new: Which requests were routed to the new version, (n,), bool.
        """
        request, label = self.event_request[start:stop], self.event_is_label[start:stop]
        seen = np.stack([~is_new[request], is_new[request]], axis=1) | (share[request] == 0)[:, None]
        answer = np.where(seen & ~label[:, None], 0.0, np.nan)
        loss = np.where(seen & label[:, None], 0.0, np.nan)
        all_of = self.outcomes
        return Observations(
            times=self.event_times[start:stop],
            shares=share[request],
            failed=all_of.failed[request] + answer,
            latency=all_of.latency[request] + answer,
            invalid=all_of.invalid[request] + answer,
            bins=all_of.bins[request] + answer[:, :, None],
            loss=all_of.loss[request] + loss,
        )


def traffic(rng: np.random.Generator, n: int, fault: Fault = Fault()) -> Traffic:
    """Make n requests that two versions answer, the new one with a fault."""
    blocks = -(-n // BURST)
    burst = np.repeat(rng.lognormal(0.0, 0.8, blocks), BURST)[:n]
    phase = 2 * np.pi * (np.arange(n) / RATE / DAY + rng.random())
    day = 1 + 0.5 * np.sin(phase)
    times = np.cumsum(rng.exponential(1 / (RATE * day * burst), n))
    incident = np.repeat(rng.random(blocks) < 0.02, BURST)[:n]
    failed, invalid = _failed(rng, incident, fault), _invalid(rng, n, fault)
    outcomes = Observations(
        times=times,
        shares=np.full(n, np.nan),
        failed=failed,
        latency=_latency(rng, day * np.sqrt(burst), fault),
        invalid=invalid,
        bins=_bins(rng, np.sin(phase), fault) * ((1 - invalid) * (1 - failed))[:, :, None],
        loss=_loss(rng, n, fault),
    )
    labelled = np.flatnonzero(rng.random(n) < 0.5)
    arrivals = np.concatenate([times, times[labelled] + rng.exponential(60.0, len(labelled))])
    order = np.argsort(arrivals, kind="stable")
    request = np.concatenate([np.arange(n), labelled])
    return Traffic(outcomes, arrivals[order], request[order], order >= n)


def reference_of(rng: np.random.Generator, requests: int = 1000) -> Reference:
    """Return what was seen of the old version before a rollout."""
    before = traffic(rng, requests).outcomes
    return reference(before.latency[:, 0], before.bins[:, 0], before.loss[:, 0])


def _failed(rng: np.random.Generator, incident: Mask, fault: Fault) -> Floats:
    rate = np.where(incident, 0.3, 0.002)[:, None] + np.array([0.0, fault.failing])
    return np.asarray(rng.random(rate.shape) < rate, dtype=np.float64)


def _latency(rng: np.random.Generator, load: Floats, fault: Fault) -> Floats:
    shape = (len(load), 2)
    tail = np.where(rng.random(shape) < 0.01, 1 + rng.pareto(1.5, shape), 1.0)
    return np.asarray(0.01 * load[:, None] * rng.lognormal(0.0, 0.5, shape) * tail * [1.0, fault.slower])


def _invalid(rng: np.random.Generator, n: int, fault: Fault) -> Floats:
    some = rng.random((n, 2)) < np.array([0.005, 0.005 + fault.invalid])
    return np.where(some, rng.choice([0.25, 0.5, 1.0], (n, 2)), [0.0, float(fault.silent)])


def _bins(rng: np.random.Generator, day: Floats, fault: Fault) -> Floats:
    n = len(day)
    rows = np.minimum(rng.geometric(0.3, n), 20)
    request = np.repeat(np.arange(n), rows)
    center = np.repeat(0.3 * day + rng.normal(0.0, 0.8, n), rows)
    noise = rng.normal(0.0, 0.55, (2, len(request)))
    both = [
        np.searchsorted(_EDGES, center + part + shift) for part, shift in zip(noise, (0.0, fault.shift), strict=True)
    ]
    return np.stack([shares(one, request, n, BINS) for one in both], axis=1)


def _loss(rng: np.random.Generator, n: int, fault: Fault) -> Floats:
    wrong = rng.beta(1.0, 6.0, n)[:, None] + np.array([0.0, fault.worse])
    return np.asarray(rng.binomial(4, np.minimum(wrong, 1.0)) / 4)
