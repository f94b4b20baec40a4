"""The `drivetrain_log` alerter: one line in the log of the run."""

import logging
from typing import Literal, cast

from pydantic import Field
from zenml.alerter.base_alerter import BaseAlerterConfig, BaseAlerterFlavor

from ml.monitoring.alert_text import one_line
from ml.values.display import plain_line
from schemas.alert import Alert
from stacks.flavors.alerter import OneWayAlerter

_LONGEST = 2_000
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
logger = logging.getLogger("drivetrain.alert")


class LogAlerterConfig(BaseAlerterConfig):
    """Settings of the alerter."""

    level: Literal["info", "warning", "error"] = Field(default="warning", description="level of the line")


class LogAlerter(OneWayAlerter):
    """Writes to the logger `drivetrain.alert`; a run shows it as a note."""

    @property
    def config(self) -> LogAlerterConfig:
        """The alerter's settings."""
        return cast(LogAlerterConfig, self._config)

    def deliver(self, text: str, alert: Alert | None) -> None:
        """Write one line."""
        line = plain_line(text if alert is None else one_line(alert), _LONGEST)
        logger.log(_LEVELS[self.config.level], "alert: %s", line)


class LogAlerterFlavor(BaseAlerterFlavor):
    """Alerts as lines of the log."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "drivetrain_log"

    @property
    def config_class(self) -> type[LogAlerterConfig]:
        """The settings' class."""
        return LogAlerterConfig

    @property
    def implementation_class(self) -> type[LogAlerter]:
        """The alerter's class."""
        return LogAlerter
