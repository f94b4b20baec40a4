"""What somebody is told of: a value of the metrics, when it is too much, and what to do then."""

from dataclasses import dataclass
from typing import Literal

from serving.http import metric_table as table
from serving.http.metric_table import Family
from serving.observability.limits import Limits

Severity = Literal["critical", "warning", "info"]
Shown = Literal["share", "seconds", "number", "yes or no"]


@dataclass(frozen=True)
class Alert:
    """One alert.

    Args:
        name: Its name, as Alertmanager has it.
        severity: `critical`: requests fail or are lost; `warning`: some do, or will; `info`: none does.
        value: The expression of what is looked at.
        breach: What follows the expression where it is too much, such as `> 0.01`.
        limit: The number in `breach`.
        shown: What the value is.
        summary: What is wrong, in Prometheus' templates.
        description: What to do next, in the same.
        at_once: Whether it is told without waiting.
    """

    name: str
    severity: Severity
    value: str
    breach: str
    limit: float
    shown: Shown
    summary: str
    description: str
    at_once: bool = False

    @property
    def expression(self) -> str:
        """Return the expression that has a result where the alert is due."""
        return f"{self.value} {self.breach}"


def job(model: str) -> str:
    """Return the name under which Prometheus scrapes a model's service."""
    return f"drivetrain-{model}"


def alerts(model: str, limits: Limits) -> list[Alert]:
    """Return all alerts of a model's service, those first that matter most."""
    service, requests, rows = (of(model, limits) for of in (_of_the_service, _of_requests, _of_rows))
    return [*service, *requests, *rows, *_of_others(model)]


def rate(family: Family, model: str, window: str, by: str, more: str = "") -> str:
    """Return the expression of what happens a second, of a counter or of a histogram's buckets."""
    return f'sum by ({by}) (rate({family.series}{{model="{model}"{more}}}[{window}]))'


def quantile(share: float, model: str, window: str, family: Family = table.SECONDS) -> str:
    """Return the expression of the seconds within which a share was done, of the requests or another histogram's."""
    return f"histogram_quantile({share:g}, {rate(family, model, window, ', '.join([*family.labels, 'le']))})"


def _of_the_service(model: str, limits: Limits) -> list[Alert]:
    failures = (
        f'sum by (model, instance) (increase({table.JOURNAL_FAILURES.series}{{model="{model}"}}[{limits.window}]))'
    )
    missing = f'{table.WORKERS.series}{{model="{model}"}} - {table.WORKERS_WANTED.series}'
    return [
        Alert(
            name="DrivetrainDown",
            severity="critical",
            value=f'(up{{job="{job(model)}"}} or absent(up{{job="{job(model)}"}}) - 1)',
            breach="== 0",
            limit=0,
            shown="yes or no",
            summary=f"The service of {model} does not answer Prometheus at {{{{ $labels.instance }}}}",
            description=f"See whether it lives: python -m serving status {model}; what its log ends with: python -m "
            f"serving logs {model}. A service that was stopped, or went down with its machine, is started again by "
            "pipeline=deployment. Where it answers others, Prometheus has no good key for it, or no such job.",
        ),
        Alert(
            name="DrivetrainNotReady",
            severity="critical",
            value=f'min by (model, instance) ({table.READY.series}{{model="{model}"}})',
            breach="== 0",
            limit=0,
            shown="yes or no",
            summary=f"{model} is alive at {{{{ $labels.instance }}}} and does not answer requests",
            description="Of several workers one at least. GET /readyz says why: no version could be loaded, or the "
            f"journal cannot be used; python -m serving status {model} tells of each worker. "
            f"python -m serving rollback {model} brings the version before; python -m serving repair {model} saves "
            "what can be read of a damaged journal.",
        ),
        Alert(
            name="DrivetrainWorkerStopped",
            severity="warning",
            value=f"min by (model, instance) ({missing})",
            breach="< 0",
            limit=0,
            shown="number",
            summary=f"{model} has fewer workers at {{{{ $labels.instance }}}} than there are to be",
            description="The others answer meanwhile, and one that ends is started again within seconds: this one does "
            f"not stay alive. python -m serving status {model} tells of each, python -m serving logs {model} why.",
        ),
        Alert(
            name="DrivetrainPredictionsLost",
            severity="critical",
            value=f'sum by (model, instance) (increase({table.JOURNAL_LOST_REQUESTS.series}{{model="{model}"}}'
            f"[{limits.window}]))",
            breach="> 0",
            limit=0,
            shown="number",
            summary=f"{{{{ $value | humanize }}}} answers of {model} in {limits.window} are not in the journal",
            description="journal.policy is drop: requests are answered while the journal takes nothing, and what was "
            f"lost is counted. Look for a full disk or a database that is away: python -m serving logs {model} names "
            "it. Monitoring says of a window that it is not whole.",
            at_once=True,
        ),
        Alert(
            name="DrivetrainJournalFailing",
            severity="critical",
            value=failures,
            breach="> 0",
            limit=0,
            shown="number",
            summary=f"{{{{ $value | humanize }}}} requests to {model} were refused in {limits.window}: no journal",
            description="A prediction that cannot be kept is not answered (503). Look for a full disk, a database that "
            f"is away, or a lock that somebody holds: python -m serving logs {model} names it.",
            at_once=True,
        ),
    ]


def _of_requests(model: str, limits: Limits) -> list[Alert]:
    by = "model, version"
    failed = rate(table.REQUESTS, model, limits.window, by, ',status=~"5.."')
    full = rate(table.REQUESTS, model, limits.window, "model", ',status="429"')
    return [
        Alert(
            name="DrivetrainErrors",
            severity="critical",
            value=f"{failed} / {rate(table.REQUESTS, model, limits.window, by)}",
            breach=f"> {limits.errors:g}",
            limit=limits.errors,
            shown="share",
            summary=f"{{{{ $value | humanizePercentage }}}} of the requests to {model} fail, version "
            "{{ $labels.version }}",
            description=f"python -m serving logs {model} has each failure. Of a candidate: python -m serving withdraw "
            f"{model} {{{{ $labels.version }}}}; of the version in production: python -m serving rollback {model}. "
            "Without a version the service itself refuses: nothing is loaded, or there are too many connections.",
        ),
        Alert(
            name="DrivetrainSlow",
            severity="warning",
            value=quantile(0.99, model, limits.window),
            breach=f"> {limits.budget:g}",
            limit=limits.budget,
            shown="seconds",
            summary=f"One of 100 requests to {model} takes more than {{{{ $value | humanizeDuration }}}}, version "
            "{{ $labels.version }}",
            description=f"The budget is {limits.budget:g} seconds (deploy.latency_budget). Compare requests a second "
            "with what pipeline=capacity found: beyond it, add replicas. If one version alone is slow, withdraw it or "
            "roll back. If requests have many more rows than before, ask who sends them.",
        ),
        Alert(
            name="DrivetrainOverloaded",
            severity="warning",
            value=f"{full} / {rate(table.REQUESTS, model, limits.window, 'model')}",
            breach=f"> {limits.turned_away:g}",
            limit=limits.turned_away,
            shown="share",
            summary=f"{{{{ $value | humanizePercentage }}}} of the requests to {model} are turned away (429)",
            description="More requests, or more bytes of bodies, are in work than deploy.queue and deploy.max_bodies "
            "allow. Add replicas (pipeline=capacity says how many), or let clients come again later: answers carry "
            "Retry-After.",
        ),
    ]


def _of_others(model: str) -> list[Alert]:
    return [
        Alert(
            name="DrivetrainRolloutHeld",
            severity="warning",
            value=f'max by (model, version) ({table.ROLLOUT_HELD.series}{{model="{model}"}})',
            breach="> 0",
            limit=0,
            shown="yes or no",
            summary=f"The rollout of version {{{{ $labels.version }}}} of {model} waits for an operator",
            description=f"A stage has timed out, or somebody paused it. python -m serving status {model} says what it "
            f"lacks; then python -m serving resume {model}, or promote or withdraw {model} {{{{ $labels.version }}}}.",
        ),
        Alert(
            name="DrivetrainLookupOpen",
            severity="warning",
            value=f'max by (model, lookup) ({table.LOOKUP_OPEN.series}{{model="{model}"}})',
            breach="> 0",
            limit=0,
            shown="yes or no",
            summary=f"The lookup {{{{ $labels.lookup }}}} of {model} is not asked: it did not answer",
            description="Rows that leave its columns out get what deploy.lookups declares as fallback, or an error. "
            f"See whether the database or the address is up; python -m serving logs {model} has what it said. It is "
            "tried again by itself.",
        ),
    ]


def _of_rows(model: str, limits: Limits) -> list[Alert]:
    by, window = "model, version", limits.window
    refused, predicted = (rate(one, model, window, by) for one in (table.ROW_ERRORS, table.ROWS))
    return [
        Alert(
            name="DrivetrainInvalidRows",
            severity="warning",
            value=f"{refused} / ({refused} + {predicted})",
            breach=f"> {limits.invalid:g}",
            limit=limits.invalid,
            shown="share",
            summary=f"{{{{ $value | humanizePercentage }}}} of the rows sent to {model} break its signature",
            description="Somebody sends other columns or types than the model learnt from: the answers say which row "
            f"and why, GET /docs has an example. A new version may ask for more: python -m serving rollback {model}.",
        ),
        Alert(
            name="DrivetrainShadowDropping",
            severity="info",
            value=rate(table.SHADOW_DROPPED, model, window, by),
            breach="> 0",
            limit=0,
            shown="number",
            summary=f"The shadow {{{{ $labels.version }}}} of {model} is too slow to follow all requests",
            description="Answers are not affected, what is known of the shadow is: it follows a part of the requests. "
            f"python -m serving withdraw {model} {{{{ $labels.version }}}} ends it.",
        ),
    ]
