"""`python -m serving rules|dashboard|scrape NAME`: files for those who watch a service, printed."""

import argparse
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import ConfigurationError, Fault
from serving.observability.grafana import dashboard
from serving.observability.limits import Limits
from serving.observability.prometheus import rules, scrape
from serving.process.records import Deployment

COMMANDS = {
    "rules": "print Prometheus alert rules for a deployed service",
    "dashboard": "print a Grafana dashboard for a deployed service",
    "scrape": "print how Prometheus scrapes a deployed service",
}
"""Each command, and what it does."""
_OPTIONS = {
    "window": "what rates are taken over, at least four scrapes (5m)",
    "hold": "how long a fault lasts before it is told (2m)",
    "budget": "seconds within which 99 of 100 requests are to be answered (deploy.latency_budget)",
    "errors": "share of failed requests that is too much (0.01)",
    "turned-away": "share of requests answered 429 that is too much (0.01)",
    "invalid": "share of invalid rows that is too much (0.1)",
}


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Add a command's options to its parser."""
    if command in ("rules", "dashboard"):
        for name, text in _OPTIONS.items():
            parser.add_argument(f"--{name}", help=text)


def text(home: Path, deployment: Deployment, asked: argparse.Namespace) -> str:
    """Return what a command prints.

    Raises:
        ConfigurationError: Of every option that cannot be.
        DeploymentError: If the file of the service's keys cannot be read.
    """
    if asked.command == "scrape":
        return scrape(home, deployment)
    limits = _limits(deployment, asked)
    return rules(deployment, limits) if asked.command == "rules" else dashboard(deployment.name, limits)


def _limits(deployment: Deployment, asked: argparse.Namespace) -> Limits:
    named = {name.replace("-", "_") for name in _OPTIONS}
    given = {name: value for name, value in vars(asked).items() if name in named and value is not None}
    try:
        return Limits(**{"budget": deployment.spec.latency_budget, **given})
    except ValidationError as error:
        faults = [
            Fault(f"--{one['loc'][0]}".replace("_", "-"), f"{one['input']!r}: {one['msg']}") for one in error.errors()
        ]
        raise ConfigurationError(faults, "The limits of the alerts cannot be") from error
