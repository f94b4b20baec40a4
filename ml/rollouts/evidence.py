"""The evidence of a signal, carried from one look to the next."""

from dataclasses import dataclass

import numpy as np

from ml.rollouts.betting import FRACTIONS, WealthProcess, gains
from ml.rollouts.observations import NEW, OLD, Floats, Observations
from ml.rollouts.signals import answers, expected
from schemas.rollout import Signal
from schemas.rollout_state import Evidence, Reference


@dataclass(frozen=True)
class Question:
    """One signal with all that a look needs to weigh it."""

    signal: Signal
    tolerated: float
    needed: float
    stages: int
    reference: Reference

    def nothing_yet(self) -> Evidence:
        """Return the evidence before the first stage."""
        questions = len(expected(self.signal, self.reference))
        process = WealthProcess.starting(questions, self.stages)
        return _kept(process, Evidence(wealth=[], reserve=0, sums=([0.0] * questions, [0.0] * questions)))

    def in_next_stage(self, evidence: Evidence) -> Evidence:
        """Return the evidence at the start of a stage, with the stake of that stage laid down."""
        process = self._process(evidence)
        process.enter_stage()
        return _kept(process, evidence)

    def weigh(self, evidence: Evidence, observations: Observations) -> tuple[Evidence, int | None]:
        """Weigh n observations one after another; stop with the one that makes the evidence sufficient.

        Returns:
            The evidence then, and the index of that observation, None where there is none.
        """
        values = answers(self.signal, observations, self.reference)
        rows = np.flatnonzero(~np.isnan(values[:, :, 0]).all(axis=1))
        if not rows.size:
            return evidence, None
        values, shares = values[rows], observations.shares[rows]
        won = gains(values, shares, expected(self.signal, self.reference), self.tolerated)
        process = self._process(evidence)
        breach = process.play(won, ~np.isnan(values[:, NEW, 0]), self.needed)
        played = slice(None if breach is None else breach + 1)
        kept = _kept(process, _counted(evidence, values[played], shares[played]))
        return kept, None if breach is None else int(rows[breach])

    def _process(self, evidence: Evidence) -> WealthProcess:
        return WealthProcess(np.array(evidence.wealth), evidence.reserve, evidence.fresh, self.stages)


def odds(evidence: Evidence) -> float:
    """Return how many to one the evidence is against the null hypothesis."""
    return evidence.reserve + sum(evidence.wealth)


def strongest(evidence: Evidence) -> int:
    """Return the index of the question that says most against the new version."""
    return int(np.reshape(evidence.wealth, (-1, len(FRACTIONS))).sum(axis=1).argmax())


def means(evidence: Evidence, question: int) -> tuple[float, float]:
    """Return the mean answer of the old and the new version; NaN where there is none.

    Answers are weighted by the inverse of their probability: at another share of traffic, another hour's are told.
    """
    old, new = (
        evidence.sums[version][question] / weight if weight else float("nan")
        for version, weight in enumerate(evidence.weights)
    )
    return old, new


def _kept(process: WealthProcess, evidence: Evidence) -> Evidence:
    return evidence.model_copy(
        update={"wealth": process.wealth.tolist(), "reserve": process.reserve, "fresh": process.fresh}
    )


def _counted(evidence: Evidence, values: Floats, shares: Floats) -> Evidence:
    """Return the evidence with n answers counted, (n, 2, J); sums run row by row, so that a pause changes no digit."""
    shadow = shares == 0
    counts, weights, sums = [], [], []
    for version, probability in ((OLD, np.where(shadow, 1, 1 - shares)), (NEW, np.where(shadow, 1, shares))):
        known = ~np.isnan(values[:, version, 0]) & (probability > 0)
        weight = 1 / probability[known]
        counts.append(evidence.counts[version] + int(known.sum()))
        weights.append(_sum_on([evidence.weights[version]], weight[:, None])[0])
        sums.append(_sum_on(evidence.sums[version], values[known, version] * weight[:, None]))
    return evidence.model_copy(update={"counts": tuple(counts), "weights": tuple(weights), "sums": tuple(sums)})


def _sum_on(start: list[float], rows: Floats) -> list[float]:
    total: list[float] = np.add.accumulate(np.vstack([np.array(start), rows]), axis=0)[-1].tolist()
    return total
