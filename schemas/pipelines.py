"""Every pipeline in one record: its stages and steps, what it needs, whether it deploys, what it shows.

All else reads it here. A new pipeline is its ZenML pipeline and stage under `pipelines/`, a record in this file and
its YAML in `conf/pipeline/`.
"""

from typing import Literal

from schemas.base import Strict

Input = Literal["rows", "batch", "passed_version", "production_version", "service"]
"""`rows`: the declared data source; `batch`: the `batch` block; a version that passed the gate; one in production; the
service that was deployed from here."""


WINDOWS = "windows"
"""The step that only forecasts have."""


class StageSpec(Strict):
    """One ZenML pipeline of ours, and the function that runs it and gives its part of the summary.

    `run` and `compiled` are `module:attribute`. `compiled` is the ZenML pipeline whose steps may be reused, None where
    every step runs each time. `orchestrated` is false for what happens in the process of the command line.
    """

    name: str
    steps: tuple[str, ...]
    components: tuple[str, ...] = ()
    run: str | None = None
    compiled: str | None = None
    orchestrated: bool = True


class PipelineSpec(Strict):
    """What `pipeline=NAME` runs, in order, and what a person sees of it.

    `next_commands` may hold `{command}`, which runs the experiment again, and `{status}`, the operators' command.
    """

    name: str
    stages: tuple[StageSpec, ...]
    inputs: tuple[Input, ...]
    report: str | None = None
    next_commands: tuple[str, ...] = ("{status}",)

    @property
    def components(self) -> tuple[str, ...]:
        """The types of stack components that it uses beside an orchestrator and an artifact store."""
        return tuple(dict.fromkeys(kind for stage in self.stages for kind in stage.components))

    @property
    def deploys(self) -> bool:
        """Whether it publishes a version."""
        return DEPLOYMENT in self.stages

    @property
    def trains(self) -> bool:
        """Whether it trains a candidate that others may be compared with."""
        return TRAINING in self.stages


_CHECKED_SETS = ("load", "infer_schema", WINDOWS, "split", "validate_data")
_CANDIDATE = (*_CHECKED_SETS, "data_gate", "fit_features", "train", "train_baseline", "evaluate")

CANDIDATE = StageSpec(name="candidate", steps=_CANDIDATE, compiled="pipelines.candidate:candidate")
"""What a job of a sweep runs: training up to the scores on the validation set."""
TRAINING = StageSpec(
    name="training",
    steps=(*_CANDIDATE, "open_test_set", "profile", "gate", "package", "register"),
    components=("data_validator",),
    run="pipelines.stages.train:train",
    compiled="pipelines.training:training",
)
DEPLOYMENT = StageSpec(
    name="deployment",
    steps=("publish",),
    components=("deployer",),
    run="pipelines.stages.deploy:deploy",
    orchestrated=False,
)
RETRAINING = StageSpec(
    name="retraining",
    steps=(
        *("load", "infer_schema", "split", "collect", "label_gate", "validate_data"),
        *(step for step in _CANDIDATE if step not in _CHECKED_SETS),
        *("compare_recent", "open_test_set", "profile", "gate", "package", "register"),
    ),
    components=("data_validator",),
    run="pipelines.stages.retrain:retrain",
)
MONITORING = StageSpec(
    name="monitoring", steps=("detect_drift",), components=("data_validator",), run="pipelines.stages.monitor:monitor"
)
EXPLORE = StageSpec(
    name="explore",
    steps=(*_CHECKED_SETS, "explore"),
    run="pipelines.stages.explore:explore",
    compiled="pipelines.explore:explore",
)
BATCH_INFERENCE = StageSpec(
    name="batch_inference", steps=("predict_batch",), run="pipelines.stages.batch_inference:predict_batch"
)
CAPACITY = StageSpec(
    name="capacity", steps=("load_test",), run="pipelines.stages.capacity:capacity", orchestrated=False
)

_ALL = (
    PipelineSpec(
        name="lifecycle",
        stages=(TRAINING, DEPLOYMENT, MONITORING),
        inputs=("rows",),
        next_commands=("{command} pipeline=monitoring", "{status}"),
    ),
    PipelineSpec(
        name="training", stages=(TRAINING,), inputs=("rows",), next_commands=("{command} pipeline=deployment",)
    ),
    PipelineSpec(
        name="deployment",
        stages=(DEPLOYMENT,),
        inputs=("passed_version",),
        next_commands=("{command} pipeline=monitoring", "{status}"),
    ),
    PipelineSpec(name="monitoring", stages=(MONITORING,), inputs=("production_version",)),
    PipelineSpec(
        name="retraining",
        stages=(RETRAINING, DEPLOYMENT),
        inputs=("rows", "production_version"),
        next_commands=("{command} pipeline=monitoring", "{status}"),
    ),
    PipelineSpec(name="explore", stages=(EXPLORE,), inputs=("rows",), report="explore", next_commands=("{command}",)),
    PipelineSpec(name="capacity", stages=(CAPACITY,), inputs=("production_version", "service")),
    PipelineSpec(name="batch_inference", stages=(BATCH_INFERENCE,), inputs=("batch", "production_version")),
)
PIPELINES: dict[str, PipelineSpec] = {spec.name: spec for spec in _ALL}
SWEPT = "training"
"""What every job of a sweep counts as."""
STEP_NAMES: tuple[str, ...] = tuple(
    dict.fromkeys(step for spec in _ALL for stage in spec.stages if stage.orchestrated for step in stage.steps)
)
"""The steps for which a stack may declare resources, in order."""
