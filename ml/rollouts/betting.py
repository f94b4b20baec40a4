"""Tests by betting that stay valid however often they look: an e-process for each signal.

Somebody who doubts the new version starts with a wealth of 1 and bets, request by request, that it is worse than
tolerated. While it is not, every bet is fair or unfavourable: whatever he does, his wealth is a nonnegative
supermartingale, and by Ville's inequality it ever reaches 1/α with probability α at most. Reaching it is the breach.

Why every bet is fair or worse under the composite null hypothesis. Let Y(0), Y(1) in [0, 1] be the answers that the old
and the new version would give to a question (`ml.rollouts.signals`) for a request, and p the share of traffic that the
new one has: the request is sent to it (A = 1) with probability p, independently of Y(0), Y(1) and all that came before.
With any m and tolerance δ that were fixed before,

    X = A (Y - m) / p - (1 - A) (Y - m) / (1 - p) - δ

has the conditional mean E[Y(1) - Y(0) | past] - δ: the null hypothesis says that this is at most 0. Nothing is assumed
of the requests: rates may drift by the hour, come in bursts, depend on each other and on earlier answers, for the
routing alone is random; unequal shares are in the weights. A shadow's request has X = Y(1) - Y(0) - δ. X is at least
-B, B = max(m / p, (1 - m) / (1 - p)) + δ (1 + δ for a shadow), so for a fraction b below 1 the factor 1 + b X / B of a
bet is positive and has a mean of at most 1. An average of such products over questions and fractions, with weights
that were fixed before, is one again (the method of mixtures). m changes no mean; near the mean of Y(0) it makes the
variance least.

The stake of 1 is divided beforehand, as alpha spending divides an error: equally among the stages, and in a stage among
its blocks of new observations, 1/2, 1/6, 1/12 and so on. What is laid down at a block's start is fresh: a fault that
begins late is not hidden behind what was lost on the healthy requests before. What waits in reserve counts as wealth.

A label comes after everybody saw where its request went. The quality test knows nothing but labels: before the label it
cannot know A, since requests are routed independently, and when a stage ends, which decides p, depends on times and
labels only, not on where requests were sent (`schemas.rollout.Stage.lasting`), but for a stage that waits until the new
version does anything (`ml.rollouts.progress`), about e^-n of those with `requests: n`. It is fair as long as which
label comes, and when, does not depend on the version. Where it does, m near the mean loss keeps what is lost small; no
difference of delayed outcomes is a martingale then (M. Lindon and N. Kallus, arXiv:2603.25971, 2026).

The null hypothesis speaks of every request given its past. A difference that is now above and now below the tolerance
breaks it, though its average may be below.

Sources:
    J. Ville, Étude critique de la notion de collectif, Gauthier-Villars 1939: the inequality.
    I. Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, J. R. Stat. Soc. B 86
    (2024), pages 1-27: bets on bounded means, mixtures over fractions.
    D. W. Ham, I. Bojinov, M. Lindon and M. Tingley, Design-based confidence sequences: a general approach to risk
    mitigation in online experimentation, arXiv:2210.08639 (2022): randomness from the routing alone, weights 1/p.
    I. Waudby-Smith, L. Wu, A. Ramdas, N. Karampatziakis and P. Mineiro, Anytime-valid off-policy inference for
    contextual bandits, ACM/IMS J. Data Sci. 1 (2024): such weighted differences bet on, with a baseline subtracted.
    J. Shin, A. Ramdas and A. Rinaldo, E-detectors: a nonparametric framework for sequential change detection,
    New Engl. J. Stat. Data Sci. 2 (2024), pages 229-260: stakes for changes that begin late.
    K. K. G. Lan and D. L. DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70 (1983), pages
    659-663: alpha spending.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.rollouts.observations import NEW, OLD, Floats

FRACTIONS = np.array([0.9, 0.4, 0.16, 0.064, 0.026, 0.01])
"""Parts of the largest bet: a great difference is found soonest by a large one, a small difference by a small one."""
BLOCK = 50
"""Observations of the new version after which a fresh stake is laid down."""
_ROWS = 512  # a path of wealth is held for so many observations at a time


def gains(answers: Floats, shares: Floats, expected: Floats, tolerated: float) -> Floats:
    """Return X / B, (n, J), at least -1: what a bet of all that may be bet would bring; 0 where nothing was compared.

    Args:
        answers: From 0 to 1, (n, 2, J), the old version first; NaN of a version that was not asked.
        shares: The new version's share of traffic for each, (n,); 0 for a shadow, where both were asked.
        expected: m of each question, (J,), from 0 to 1.
        tolerated: δ, from 0 to less than 1.
    """
    p = np.where((shares > 0) & (shares < 1), shares, np.nan)[:, None]
    old, new = answers[:, OLD], answers[:, NEW]
    was_new = ~np.isnan(new)
    difference = np.where(was_new, (new - expected) / p, -(old - expected) / (1 - p))
    bound = np.maximum(expected / p, (1 - expected) / (1 - p))
    split = (difference - tolerated) / (bound + tolerated)
    paired = (new - old - tolerated) / (1 + tolerated)
    return np.nan_to_num(np.where(shares[:, None] == 0, paired, split), nan=0.0)


def stake(block: int, stages: int) -> float:
    """Return the part of the first wealth that is laid down at the start of a stage's block, from 0; all sum to 1."""
    return 1 / (stages * (block + 1) * (block + 2))


@dataclass
class WealthProcess:
    """One signal's wealth: on the table by question and fraction, (J * F,), and in reserve.

    `fresh` counts observations of the new version in this stage, of `stages`.
    """

    wealth: Floats
    reserve: float
    fresh: int
    stages: int

    @classmethod
    def starting(cls, questions: int, stages: int) -> "WealthProcess":
        """Return one with all of his wealth in reserve."""
        return cls(np.zeros(questions * len(FRACTIONS)), 1.0, 0, stages)

    def enter_stage(self) -> None:
        """Lay down the first stake of a stage."""
        self.fresh = 0
        self._lay(0)

    def play(self, gains: Floats, is_new: NDArray[np.bool_], needed: float) -> int | None:
        """Bet on observations in order, and stop where all wealth together reaches `needed`.

        The result is the same to the last bit however observations are divided among calls.

        Args:
            gains: As of `gains`, (n, J).
            is_new: Which tell of the new version, (n,).
            needed: 1/α.

        Returns:
            The index of the observation with which the wealth is reached, None where it is not.
        """
        start = 0
        while start < len(gains):
            stop, ends_a_block = self._end_of_block(is_new, start)
            path = self._path(gains[start:stop])
            reached = np.flatnonzero(self.reserve + path.sum(axis=1) >= needed)
            if reached.size:
                first = int(reached[0])
                self.wealth = path[first]
                self.fresh += int(is_new[start : start + first + 1].sum())
                return start + first
            self.wealth = path[-1]
            self.fresh += int(is_new[start:stop].sum())
            if ends_a_block:
                self._lay(self.fresh // BLOCK)
            start = stop
        return None

    def total(self) -> float:
        """Return all wealth: the evidence so far, as odds against the null hypothesis."""
        return self.reserve + float(self.wealth.sum())

    def _end_of_block(self, is_new: NDArray[np.bool_], start: int) -> tuple[int, bool]:
        """Return where the rows end that are played at once, and whether a block of new observations ends there."""
        rows = is_new[start : start + _ROWS]
        ends = np.flatnonzero(np.cumsum(rows) == BLOCK - self.fresh % BLOCK)
        return (start + int(ends[0]) + 1, True) if ends.size else (start + len(rows), False)

    def _path(self, gains: Floats) -> Floats:
        """Return the wealth after each observation, (n, J * F)."""
        factors = np.empty((len(gains) + 1, *gains.shape[1:], len(FRACTIONS)))
        np.multiply(gains[:, :, None], FRACTIONS, out=factors[1:])
        factors[1:] += 1.0
        path = factors.reshape(len(factors), -1)
        path[0] = self.wealth
        with np.errstate(over="ignore"):  # of what would have been won after the end
            return np.multiply.accumulate(path, axis=0, out=path)[1:]

    def _lay(self, block: int) -> None:
        fresh = stake(block, self.stages)
        self.reserve -= fresh
        self.wealth = self.wealth + fresh / len(self.wealth)
