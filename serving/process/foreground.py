"""A deployed service in the foreground: for systemd, or whatever else starts it again when it ends."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from schemas.errors import ConfigurationError
from serving.process import exposure, launch, records
from serving.process.bento_store import source
from serving.process.members import LOOKED_AFTER


def run(home: Path, name: str, tell: Callable[[str], None] = records.logger.warning) -> NoReturn:
    """Become the supervisor of a service that was deployed before; one of it that runs is ended first.

    Runs publish to it as to one in the background. One whose code has changed ends it, with exit code 0, and starts
    another in the background: to be started again takes over from that.

    Args:
        home: DRIVETRAIN_HOME.
        name: The model's name.
        tell: Gets a sentence where another process is waited for.

    Raises:
        ConfigurationError: If other machines would reach it and need no key.
        DeploymentError: If it is unknown, or its Bento is gone.
    """
    with records.lock(home, name, tell=tell):
        deployment = records.find(home, name)
        code = source(deployment.bento)
        if faults := exposure.faults(home, name, deployment.spec):
            raise ConfigurationError(faults, "The service cannot start")
        launch.end(home, name)
        told = launch.tell(home, deployment)
        environment = {**launch.environment(told, deployment.spec.deadline), LOOKED_AFTER: "1"}
    os.chdir(code)
    os.execve(sys.executable, [sys.executable, "-m", "serving.process.supervisor", str(told)], environment)
