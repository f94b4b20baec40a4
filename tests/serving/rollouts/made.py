"""Made-up traffic in a real journal, on a simulated clock: two versions answer as the stream of releases says."""

import json
import time
from dataclasses import dataclass
from functools import partial

import numpy as np
from sqlalchemy import Engine, select

from schemas.deploy_spec import DeploySpec
from schemas.rollout import RolloutSpec
from serving.journal.engine import begin_writing
from serving.journal.insertion import Request, Shadowed, Unanswered, add
from serving.journal.labels import Label, record
from serving.journal.schema import rollouts
from serving.releases import events as stream
from serving.releases.events import Entry
from serving.releases.traffic import traffic
from serving.rollouts import starting
from serving.rollouts.before import before
from serving.rollouts.controller import Controller
from serving.rollouts.reading import FOLLOWED
from serving.rollouts.record import Rollout, last

DEPLOY = DeploySpec(deadline=10.0)
SPEC = RolloutSpec.model_validate(
    {
        "stages": [
            {"share": "shadow", "requests": 150},
            {"share": 0.2, "requests": 50, "seconds": 60},
            {"share": 0.5, "requests": 200},
            {"share": 1},
        ]
    }
)
TICK, REQUESTS = 20.0, 100


@dataclass(frozen=True)
class Fault:
    """What is wrong with version 2; nothing, by default. Shares of requests, a factor, and shares of rows.

    `refusal` is the status of what is invalid.
    """

    failing: float = 0.0
    slower: float = 1.0
    invalid: float = 0.0
    refusal: int = 422
    drifted: float = 0.0
    wrong: float = 0.0


class Service:
    """A service that answers made-up requests into a journal, and the controller that looks after each tick."""

    def __init__(self, engine: Engine, fault: Fault = Fault(), spec: RolloutSpec = SPEC, seed: int = 0) -> None:
        self.engine, self.fault, self.rng = engine, fault, np.random.default_rng(seed)
        self.now = time.time()
        self._number = 0
        stream.append(engine, lambda past: [Entry("1", "memory://1", "current", weight=1.0)])
        self._serve(200, self.now - 100.0, 100.0)
        self.begin(spec)
        self.now = self.rollout().started + FOLLOWED
        self.controller = self.new_controller("one")

    def begin(self, spec: RolloutSpec, version: str = "2") -> None:
        """Begin to roll out a version."""
        stage = spec.stages[0]
        place = Entry(version, "memory://2", "candidate" if stage.traffic else "shadow", weight=stage.traffic)
        with self.engine.connect() as connection:
            pointer = stream.current(stream.read(connection))
            known = before(connection, "1")
        assert pointer is not None
        write = partial(starting.write, pointer=pointer, place=place, spec=spec, known=known)
        stream.append(self.engine, lambda past: [place], write)

    def new_controller(self, worker: str) -> Controller:
        """Return a controller of another worker, which sees the same clock."""
        return Controller(self.engine, worker, DEPLOY, clock=lambda: self.now)

    def tick(self) -> None:
        """Let time pass, and requests come."""
        self._serve(REQUESTS, self.now, TICK)
        self.now += TICK

    def look(self) -> None:
        """Let the controller look until nothing more waits."""
        while self.controller.look():
            pass

    def run(self, ticks: int = 60) -> Rollout:
        """Go on until the rollout has ended, and return it."""
        for _ in range(ticks):
            self.tick()
            self.look()
            if self.rollout().ended is not None:
                break
        return self.rollout()

    def rollout(self) -> Rollout:
        """Return the newest rollout."""
        with self.engine.connect() as connection:
            found = last(connection)
        assert found is not None
        return found

    def states(self) -> list[str]:
        """Return what became of version 2, event by event."""
        with self.engine.connect() as connection:
            return [event.state for event in stream.read(connection) if event.version == "2"]

    def _serve(self, requests: int, since: float, seconds: float) -> None:
        with self.engine.connect() as connection:
            shared = traffic(stream.read(connection))
        assert shared is not None
        rows: list[Request | Shadowed | Unanswered] = []
        labels: list[Label] = []
        for arrival in np.sort(since + seconds * self.rng.random(requests)).tolist():
            self._number += 1
            number = f"request-{self._number:09}"
            draws = self.rng.random(6).tolist()
            is_new = shared.candidate is not None and draws[0] < shared.share
            share = None if shared.candidate is None else shared.share
            row = self._answer(number, arrival, "2" if is_new else shared.current.version, share, draws)
            rows.append(row)
            if shared.shadow is not None:
                other = self._answer(number, arrival, shared.shadow.version, share, draws)
                rows.append(_shadowed(other))
            if isinstance(row, Request) and draws[5] < 0.5:
                labels.append(Label(number, 0, json.dumps("yes" if draws[4] < 0.5 else "no"), arrival + 5.0))
        rows.sort(key=lambda row: row.time)  # as requests end
        with self.engine.begin() as connection:
            begin_writing(connection)
            add(connection, rows)
            record(connection, labels)

    def _answer(
        self, number: str, arrival: float, version: str, share: float | None, draws: list[float]
    ) -> Request | Unanswered:
        fault = self.fault if version == "2" else Fault()
        latency = 0.01 * (1 + draws[1]) * fault.slower
        if draws[2] < 0.01 + fault.failing:
            return Unanswered(number, arrival, version, share, 500, 0, latency)
        if draws[3] < fault.invalid:
            return Unanswered(number, arrival, version, share, fault.refusal, 1, latency)
        truth = draws[4] < 0.5
        answer = truth if draws[2] > 0.2 + fault.wrong else not truth
        answer = answer or draws[1] < fault.drifted
        records = [{"label": "yes" if answer else "no", "needs_review": False}]
        return Request(
            *(number, arrival + latency, version, 1, None, "[{}]", None, json.dumps(records), 0, latency, share)
        )


def _shadowed(found: Request | Unanswered) -> Shadowed:
    if isinstance(found, Unanswered):
        return Shadowed(found.request_id, found.time, found.version, found.status, 0, None, "[]", 0, found.latency)
    arrival = found.time - found.latency + 0.001
    return Shadowed(found.request_id, arrival, found.version, 200, 1, None, found.answers, 0, found.latency)


def ended(engine: Engine) -> list[str]:
    """Return how each rollout ended."""
    with engine.connect() as connection:
        return list(connection.execute(select(rollouts.c.outcome).order_by(rollouts.c.id)).scalars())
