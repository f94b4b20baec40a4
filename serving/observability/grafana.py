"""A dashboard for Grafana, as JSON: what every alert looks at, with its limit, and every family of the metrics."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from serving.http.metric_table import FAMILIES, Family
from serving.observability.alerts import Alert, Shown, alerts, job, quantile, rate
from serving.observability.limits import Limits

SCHEMA_VERSION = 39
"""Of Grafana 10 and 11; later ones migrate it."""
INTERVAL = "$__rate_interval"
"""What Grafana puts its own window for."""
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDE, _HIGH, _COLUMNS = 8, 8, 24
_UNITS: dict[Shown, str] = {"share": "percentunit", "seconds": "s", "number": "short", "yes or no": "bool_yes_no"}
_LONGEST_UID = 40

Panel = dict[str, Any]
Query = tuple[str, str]  # an expression, and what its lines are called


def dashboard(model: str, limits: Limits) -> str:
    """Return the dashboard of a model's service, for Grafana's import or its folder of provisioned ones."""
    panels = list(_placed([*_watched(model, limits), *_counted(model)]))
    found = {
        "title": f"Drivetrain: {model}",
        "uid": _uid(model),
        "description": f"Made by `python -m serving dashboard {model}` from the table of the service's metrics.",
        "tags": ["drivetrain"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "panels": panels,
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _uid(model: str) -> str:
    """Return an identifier that stays, as long as Grafana allows."""
    whole = job(model)
    return whole if len(whole) <= _LONGEST_UID else f"drivetrain-{hashlib.sha256(model.encode()).hexdigest()[:24]}"


def _watched(model: str, limits: Limits) -> Iterator[Panel]:
    """Yield a row with a panel for each alert, and the limit as a line."""
    yield _row("What alerts look at")
    for alert in alerts(model, limits.model_copy(update={"window": INTERVAL})):
        names = [name for name in ("version", "instance", "lookup") if f"by (model, {name}" in alert.value]
        called = " ".join(f"{{{{{name}}}}}" for name in names) or ("{{instance}}" if "up{" in alert.value else model)
        yield _panel(_title(alert), alert.description, _UNITS[alert.shown], [(alert.value, called)], alert)


def _title(alert: Alert) -> str:
    words = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in alert.name.removeprefix("Drivetrain"))
    return words.strip().capitalize()


def _counted(model: str) -> Iterator[Panel]:
    """Yield a row with a panel for each family."""
    yield _row("What is counted")
    for family in FAMILIES:
        yield _panel(family.meaning.rstrip("."), "", _unit(family), list(_queries(family, model)))


def _unit(family: Family) -> str:
    if family.kind == "counter":
        return "reqps" if family.unit == "requests" else "cps"
    return {"seconds": "s", "yes or no": "bool_yes_no", "bytes": "bytes", "probability": "percentunit"}.get(
        family.unit, "short"
    )


def _queries(family: Family, model: str) -> Iterator[Query]:
    labels = [label for label in family.labels if label != "model"]
    called = " ".join(f"{{{{{label}}}}}" for label in labels) or model
    if family.kind == "counter":
        yield rate(family, model, INTERVAL, ", ".join(family.labels)), called
    elif family.kind == "gauge":
        yield f'{family.series}{{model="{model}"}}', f"{called} {{{{instance}}}}" if labels else "{{instance}}"
    else:
        for share in (0.5, 0.95, 0.99):
            yield quantile(share, model, INTERVAL, family), f"{called}: {share:.0%} within"


def _row(title: str) -> Panel:
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def _panel(title: str, description: str, unit: str, queries: Sequence[Query], alert: Alert | None = None) -> Panel:
    is_below = alert is not None and alert.breach.startswith("<")  # the fault may lie below 0
    colors = ("red", "green") if is_below else ("green", "red")
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if alert is not None and alert.shown != "yes or no":
        steps = [{"color": colors[0], "value": None}, {"color": colors[1], "value": alert.limit}]
    least = {} if is_below else {"min": 0}
    style = {"thresholdsStyle": {"mode": "line" if len(steps) > 1 else "off"}, "fillOpacity": 10}
    return {
        "type": "timeseries",
        "title": title,
        "description": description,
        "datasource": _SOURCE,
        "fieldConfig": {
            "defaults": {"unit": unit, **least, "custom": style, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _SOURCE, "expr": text, "legendFormat": called}
            for place, (text, called) in enumerate(queries)
        ],
    }


def _placed(panels: Sequence[Panel]) -> Iterator[Panel]:
    """Give every panel its number and its place: three beside each other, a row as wide as all."""
    left = top = 0
    for number, panel in enumerate(panels, start=1):
        is_row = panel["type"] == "row"
        wide, high = (_COLUMNS, 1) if is_row else (_WIDE, _HIGH)
        if left and left + wide > _COLUMNS:
            left, top = 0, top + _HIGH
        yield {"id": number, **panel, "gridPos": {"x": left, "y": top, "w": wide, "h": high}}
        left += wide
        if is_row:
            left, top = 0, top + high
