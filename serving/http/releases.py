"""`GET /releases`: the versions, and which of them answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from schemas.release import Release
from serving.http.endpoint import Page, Reply
from serving.http.metric_table import (
    CURRENT_VERSION,
    ROLLOUT_HELD,
    ROLLOUT_ODDS,
    ROLLOUT_ODDS_NEEDED,
    ROLLOUT_STAGE,
    THRESHOLD,
)
from serving.releases.loaded_version import Version
from serving.releases.overview import overview
from serving.releases.traffic import Traffic
from serving.rollouts.record import Rollout
from serving.rollouts.shown import progress, with_progress

if TYPE_CHECKING:
    from prometheus_client.core import Metric


class Releases(Page):
    """The versions that were ever announced."""

    path = "/releases"
    summary = "The versions, the current one first."
    replies = {200: Reply(summary, list[Release])}

    async def respond(self, request: Request) -> Response:
        """Return the list."""
        found = with_progress(overview(self._context.follower.events), self._rollout)
        return JSONResponse([self._as_it_is(release).model_dump() for release in found])

    @property
    def _rollout(self) -> Rollout | None:
        controller = self._context.controller
        return None if controller is None else controller.seen

    def _as_it_is(self, release: Release) -> Release:
        """Say of a version that is being loaded for how long it has been, and of one that should answer and cannot."""
        busy, traffic = self._context.follower.loading, self._context.follower.traffic
        is_beside = release.shadow or 0 < release.weight < 1
        if is_beside and traffic is not None and release.version not in {one.version for one in _answering(traffic)}:
            return release.model_copy(update={"why": "this worker could not load it; production answers for it"})
        if busy is None or busy[0][0] != release.version or release.weight:
            return release
        return release.model_copy(update={"why": f"{release.why}: loading for {busy[1]:.0f} seconds"})

    def metrics(self) -> "Iterator[Metric]":
        """Yield the current version, and the rollout that runs; no sample before there is one."""
        current = self._context.follower.current
        labels = [] if current is None else [{"model": self._context.settings.model, "version": current.version}]
        yield CURRENT_VERSION.of([(one, 1) for one in labels])
        thresholds = [
            ({"model": self._context.settings.model, "version": one.version, "threshold": name}, value)
            for one in self._context.follower.loaded()
            for name, value in one.model.decides_by.model_dump().items()
            if value is not None
        ]
        yield THRESHOLD.of(thresholds)
        yield from self._of_rollout()

    def _of_rollout(self) -> "Iterator[Metric]":
        rollout = self._rollout
        mine = {} if rollout is None else {"model": self._context.settings.model, "version": rollout.candidate}
        signals = {} if rollout is None else progress(rollout).signals
        yield ROLLOUT_STAGE.of([] if rollout is None else [(mine, rollout.state.stage + 1.0)])
        yield ROLLOUT_HELD.of([] if rollout is None else [(mine, float(rollout.state.held))])
        yield ROLLOUT_ODDS.of([(mine | {"signal": name}, one.odds) for name, one in signals.items()])
        yield ROLLOUT_ODDS_NEEDED.of([(mine | {"signal": name}, one.needed) for name, one in signals.items()])


def _answering(traffic: Traffic[Version]) -> list[Version]:
    return [traffic.current, *traffic.beside]
