"""What Prometheus is given, as text: alert rules, and how to scrape a service."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from serving.keys import store
from serving.observability.alerts import Alert, alerts, job
from serving.observability.limits import Limits
from serving.process import records
from serving.process.records import Deployment

_RULES = """\
# Alerts of {name}: made by `python -m serving rules {name}`; make them anew after the program or the budget changed.
#   python -m serving rules {name} > /etc/prometheus/{job}.rules.yml
#   promtool check rules /etc/prometheus/{job}.rules.yml
# prometheus.yml names the file under rule_files, as `python -m serving scrape {name}` shows.
"""
_SCRAPE = """\
# How Prometheus scrapes {name}: made by `python -m serving scrape {name}`; put it into prometheus.yml.
rule_files:
  - {job}.rules.yml
scrape_configs:
  - job_name: {job}
    metrics_path: /metrics
    scheme: http
{authorization}    static_configs:
      - targets: [{target}]
"""
_AUTHORIZATION = """\
    # The key of Prometheus alone, in a file that it alone may read:
    #   python -m serving key add {name} --name prometheus | sudo install -m 0400 -o prometheus /dev/stdin {file}
    authorization:
      type: Bearer
      credentials_file: {file}
"""


def rules(deployment: Deployment, limits: Limits) -> str:
    """Return a file of alert rules."""
    name = deployment.name
    group = {"name": job(name), "rules": [_rule(alert, limits) for alert in alerts(name, limits)]}
    text = yaml.safe_dump({"groups": [group]}, sort_keys=False, allow_unicode=True, width=1_000)
    return _RULES.format(name=name, job=job(name)) + text


def _rule(alert: Alert, limits: Limits) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        **({} if alert.at_once else {"for": limits.hold}),
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.summary, "description": alert.description},
    }


def scrape(home: Path, deployment: Deployment) -> str:
    """Return what prometheus.yml has to hold for a service; where it asks for keys, from where one is read.

    Raises:
        DeploymentError: If the file of the keys cannot be read.
    """
    name = deployment.name
    has_keys = bool(store.read(records.keys_path(home, name)))
    file = f"/etc/prometheus/{job(name)}.key"
    return _SCRAPE.format(
        name=name,
        job=job(name),
        authorization=_AUTHORIZATION.format(name=name, file=file) if has_keys else "",
        target=json.dumps(urlsplit(deployment.url).netloc),
    )
