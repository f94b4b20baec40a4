"""The base of our orchestrators that run each step in another process, here or on other machines.

The command that began a run drives it to its end: it begins each step once those before it are done, shows what steps
tell, tries lost ones again as declared, and ends what runs when it is interrupted. What the steps are given, and how
they are watched, is the same for all; a flavor says where a process comes from.
"""

import os
from abc import ABC, abstractmethod
from functools import partial
from typing import Any, ClassVar

from zenml.client import Client
from zenml.config.global_config import GlobalConfiguration
from zenml.enums import ExecutionMode, ExecutionStatus, StoreType
from zenml.orchestrators import BaseOrchestrator, SubmissionResult

from schemas.home import Home
from stacks.environment import given
from stacks.remote.backend import Backends
from stacks.remote.driver import drive
from stacks.remote.steps import StepTask

RUN_ID = "DRIVETRAIN_ORCHESTRATOR_RUN_ID"


class RemoteOrchestrator(BaseOrchestrator, ABC):
    """Runs each step of a static pipeline in another process."""

    _run_id: ClassVar[str] = ""

    @abstractmethod
    def backend(self) -> Backends:
        """Return what runs the steps of one run; entered when they begin, left when they are over."""

    def get_orchestrator_run_id(self) -> str:
        """Return the id of the run, the same in all of its processes."""
        return os.environ.get(RUN_ID) or RemoteOrchestrator._run_id

    @property
    def supported_execution_modes(self) -> list[ExecutionMode]:
        """Only the mode of our pipelines: the first failure ends the run."""
        return [ExecutionMode.FAIL_FAST]

    def submit_pipeline(
        self,
        snapshot: Any,
        stack: Any,
        base_environment: dict[str, str],
        step_environments: dict[str, dict[str, str]],
        placeholder_run: Any = None,
    ) -> SubmissionResult:
        """Prepare a run; it begins when ZenML waits for it."""
        assert placeholder_run is not None, "none of ours is scheduled"
        RemoteOrchestrator._run_id = str(placeholder_run.id)
        tasks = {
            name: self._task(snapshot, name, step, step_environments[name])
            for name, step in snapshot.step_configurations.items()
        }

        def completed(step: str) -> bool:
            known = Client().get_pipeline_run(placeholder_run.id).steps.get(step)
            return known is not None and known.status == ExecutionStatus.COMPLETED

        def wait() -> None:
            here = partial(self.run_in_this_process, snapshot)
            drive(snapshot, tasks, self.backend(), here, completed)

        return SubmissionResult(wait_for_completion=wait)

    def run_in_this_process(self, snapshot: Any, step: str) -> None:
        """Run a step in this process to its end.

        Raises:
            Exception: What the step raises.
        """
        self._prepare_run(snapshot=snapshot)
        try:
            self.run_step(snapshot.step_configurations[step])
        finally:
            self._cleanup_run()

    def _task(self, snapshot: Any, name: str, step: Any, environment: dict[str, str]) -> StepTask:
        need = step.config.resource_settings
        memory = need.get_memory("B")
        return StepTask(
            snapshot=str(snapshot.id),
            step=name,
            cpus=need.cpu_count or 1.0,
            gpus=need.gpu_count or 0,
            memory=None if memory is None else int(memory),
            environment=environment | store_environment() | given() | {RUN_ID: RemoteOrchestrator._run_id},
        )


def shared_environment() -> dict[str, str]:
    """Return what every process of steps is given whatever its run is; nothing where ZenML lets in run by run."""
    if GlobalConfiguration().store_configuration.type == StoreType.REST:
        return {}
    return GlobalConfiguration().get_config_environment_vars() | store_environment() | given()


def store_environment() -> dict[str, str]:
    """Return what a process of a step needs to find folders of this machine, and that its store is as it must be."""
    config = GlobalConfiguration()
    places = {"ZENML_LOCAL_STORES_PATH": str(config.local_stores_path), "DRIVETRAIN_HOME": str(Home.here().root)}
    if config.store_configuration.type == StoreType.REST:
        return places
    # The tables are as this process needs them: to look at them again takes longer than many a step.
    return places | {"ZENML_DISABLE_DATABASE_MIGRATION": "true"}
