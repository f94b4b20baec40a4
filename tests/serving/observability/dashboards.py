"""What a dashboard asks for."""

import json
import re

_METRIC = re.compile(r"\b(drivetrain_[a-z_]+)\b")


def expressions(dashboard: str) -> list[str]:
    """Return the expressions of all panels."""
    return [target["expr"] for panel in json.loads(dashboard)["panels"] for target in panel.get("targets", [])]


def metrics(expression: str) -> set[str]:
    """Return the metrics of ours that an expression names."""
    return set(_METRIC.findall(expression))
