"""Rollouts on a simulated clock through the real decision code: how often they err, how much a fault is seen by users.

    python -m benchmarks.rollouts [STREAMS_A_A STREAMS_A_FAULT]

prints JSON; about twelve minutes of one core. The upper bounds are of one-sided 95 % intervals (Clopper and Pearson).
"""

import json
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import beta

from benchmarks.rollout_traffic import RATE, Fault, reference_of, traffic
from ml.rollouts.rollout import Action, begin, decide, entered
from schemas.rollout import SIGNALS, RolloutSpec

LOOK = 2.0
"""Seconds between two looks: requests are routed as before until the look that finds what has happened."""
HEALTHY = Fault()
FAULTS = {
    "10 % errors": Fault(failing=0.1),
    "5-fold latency": Fault(slower=5.0),
    "NaN in 10 % of requests": Fault(invalid=0.1),
    "NaN in all outputs": Fault(silent=True),
    "drifted by 1 deviation": Fault(shift=1.0),
    "loss worse by 0.2": Fault(worse=0.2),
}
SMALLER = {
    "1 % errors more": Fault(failing=0.01),
    "3 % errors more": Fault(failing=0.03),
    "1.5-fold latency": Fault(slower=1.5),
    "2-fold latency": Fault(slower=2.0),
    "drifted by 0.4 deviations": Fault(shift=0.4),
    "drifted by 0.6 deviations": Fault(shift=0.6),
    "loss worse by 0.05": Fault(worse=0.05),
    "loss worse by 0.1": Fault(worse=0.1),
}
AT_THE_EDGE = Fault(failing=0.01, invalid=0.01 / 0.5833, worse=0.02)  # invalid requests have 0.5833 of their rows so
SHADOWED = RolloutSpec()
EXPOSED = RolloutSpec(stages=SHADOWED.stages[1:])
NOTHING_TOLERATED: dict[str, float] = dict.fromkeys(SIGNALS, 0.0)
INTOLERANT = EXPOSED.model_copy(update=NOTHING_TOLERATED)
_CHUNK = 4096


@dataclass(frozen=True)
class Outcome:
    """How a rollout ended: `go_on` where the traffic ended first; requests answered by the new version until then."""

    action: Action
    why: str
    signals: tuple[str, ...]
    exposed: int
    seconds: float


def simulate(spec: RolloutSpec, fault: Fault, seed: int, requests: int | None = None) -> Outcome:
    """Run one rollout to its end."""
    rng = np.random.default_rng(seed)
    state = begin(spec, reference_of(rng), 0.0)
    stream = traffic(rng, requests or _longest(spec), fault)
    n, events = len(stream.outcomes), len(stream.event_times)
    first_event = np.empty(n, dtype=np.intp)
    first_event[stream.event_request[~stream.event_is_label]] = np.flatnonzero(~stream.event_is_label)
    share, draw, is_new = np.full(n, np.nan), rng.random(n), np.zeros(n, dtype=np.bool_)
    position, routed = 0, 0
    while True:
        following = first_event >= routed
        share[following] = spec.stages[state.stage].traffic
        is_new[following] = draw[following] < share[following]
        stop = min(position + _CHUNK, events)
        now = stream.event_times[stop - 1]
        decision = decide(spec, state, stream.observed(position, stop, share, is_new), now)
        position, state = position + decision.counted, decision.state
        if decision.action != "go_on" or position == events:
            found = stream.event_times[max(0, position - 1)]
            looked = (found // LOOK + 1) * LOOK
            routed = int(np.searchsorted(stream.event_times, looked))
            state = entered(state, looked) if decision.action == "advance" else state
        if decision.action not in ("go_on", "advance") or position == events:
            exposed = int((is_new & (first_event < routed) & (share > 0)).sum())
            return Outcome(decision.action, decision.why, decision.signals, exposed, float(found))


def _longest(spec: RolloutSpec) -> int:
    """Return how many requests a stream needs for all stages, and bursts."""
    stages = [max((one.requests or 0) / (one.traffic or 1), (one.seconds or 0) * RATE) for one in spec.compared]
    return int(1.25 * sum(stages)) + 800


@dataclass(frozen=True)
class FalseRollbacks:
    """How many rollouts of a version that is no worse than tolerated were rolled back, and by which signals."""

    streams: int
    rolled_back: int
    promoted: int
    upper_bound: float
    declared: float
    by: list[str]


def false_rollbacks(spec: RolloutSpec, fault: Fault, streams: int) -> FalseRollbacks:
    """Roll out a version that is no worse than tolerated so many times."""
    ends = [simulate(spec, fault, seed) for seed in range(streams)]
    wrong = [end for end in ends if end.action == "roll_back"]
    return FalseRollbacks(
        streams=streams,
        rolled_back=len(wrong),
        promoted=sum(end.action == "promote" for end in ends),
        upper_bound=upper_bound(len(wrong), streams),
        declared=spec.error,
        by=sorted(signal for end in wrong for signal in end.signals),
    )


@dataclass(frozen=True)
class Detections:
    """How many rollouts of a faulty version were rolled back, and what users saw of it until then.

    Exposed are requests that the new version answered, the median and the 95th percentile over all rollouts.
    """

    streams: int
    rolled_back: int
    exposed_median: int
    exposed_95: int
    seconds_median: float


def detections(spec: RolloutSpec, fault: Fault, streams: int) -> Detections:
    """Roll out a faulty version so many times."""
    ends = [simulate(spec, fault, 100_000 + seed) for seed in range(streams)]
    exposed = np.array([end.exposed for end in ends])
    return Detections(
        streams=streams,
        rolled_back=sum(end.action == "roll_back" for end in ends),
        exposed_median=int(np.median(exposed)),
        exposed_95=int(np.quantile(exposed, 0.95, method="higher")),
        seconds_median=float(np.median([end.seconds for end in ends])),
    )


def upper_bound(hits: int, tries: int, level: float = 0.95) -> float:
    """Return the upper end of the one-sided interval of a probability.

    Source:
        C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934), pages 404-413.
    """
    return 1.0 if hits == tries else float(beta.ppf(level, hits + 1, tries - hits))


def main(same: int = 2000, faulty: int = 500) -> None:
    """Print all figures."""
    start = time.perf_counter()
    found: dict[str, FalseRollbacks | Detections] = {
        "A/A": false_rollbacks(SHADOWED, HEALTHY, same),
        "A/A, nothing tolerated, no shadow": false_rollbacks(INTOLERANT, HEALTHY, same),
        "as much worse as tolerated, no shadow": false_rollbacks(EXPOSED, AT_THE_EDGE, same),
    }
    found |= {f"{name}, no shadow": detections(EXPOSED, fault, faulty) for name, fault in FAULTS.items()}
    found |= {f"{name}, after a shadow": detections(SHADOWED, fault, faulty // 5) for name, fault in FAULTS.items()}
    found |= {f"{name}, no shadow": detections(EXPOSED, fault, faulty // 5) for name, fault in SMALLER.items()}
    shown = {name: asdict(figures) for name, figures in found.items()}
    print(json.dumps({"benchmark": "rollouts", **shown, "seconds": round(time.perf_counter() - start)}, indent=1))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
