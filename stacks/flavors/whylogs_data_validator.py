"""The `drivetrain_whylogs` data validator: profiles rows and compares a window of predictions with a profile.

It needs whylogs only to write files of whylogs, where its settings say so; it reads them without.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, cast

from pydantic import Field
from zenml.data_validators import BaseDataValidator, BaseDataValidatorFlavor
from zenml.data_validators.base_data_validator import BaseDataValidatorConfig

from ml.package.model import PackagedModel
from ml.predictions.predictor import Cells
from schemas.monitoring import MonitoringReport
from schemas.timestamps import iso
from serving.journal.predictions import Window


class WhylogsDataValidatorConfig(BaseDataValidatorConfig):
    """How profiles are written; what counts as drift belongs to the experiment, and both formats are always read.

    `whylogs` is for whoever looks at `reference.bin` with tools that read those files.
    """

    profiles: Literal["drivetrain", "whylogs"] = Field(
        default="drivetrain", description="the format in which a training profile is written; both are read"
    )

    @property
    def is_local(self) -> bool:
        """Profiles are made where the step runs, wherever that is."""
        return False  # orchestrators of clouds refuse a stack with a component that is local


class WhylogsDataValidator(BaseDataValidator):
    """Profiles in our own format, or in that of whylogs 1.6; compares windows with either."""

    NAME: ClassVar[str] = "Whylogs"

    @property
    def config(self) -> WhylogsDataValidatorConfig:
        """The validator's settings."""
        return cast(WhylogsDataValidatorConfig, self._config)

    def data_profiling(
        self,
        dataset: Cells,
        comparison_dataset: Any | None = None,
        profile_list: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> bytes:
        """Return the serialised profile of the rows in `dataset` and of the predictions for them.

        `**kwargs` is ZenML's signature; `signature: Signature` and `predictions: Predictions` are required in it.
        """
        from ml.monitoring.profiles import Profile, reference_profile

        found = reference_profile(dataset, kwargs["signature"], kwargs["predictions"])
        if self.config.profiles == "drivetrain":
            return found
        from ml.monitoring.whylogs_files.writing import write

        return write(Profile.from_bytes(found).sketches)

    def data_validation(
        self,
        dataset: Window,
        comparison_dataset: bytes | None = None,
        check_list: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> MonitoringReport:
        """Compare a window of the journal with a reference profile, `comparison_dataset`.

        `**kwargs` is ZenML's; `package: PackagedModel`, `version: str`, `monitor: MonitorSpec` are required in it.
        """
        from ml.monitoring.drift import detect, window_of

        if comparison_dataset is None:
            raise ValueError("a window is compared with a reference profile; there is none")
        package: PackagedModel = kwargs["package"]
        return detect(
            comparison_dataset,
            window_of(dataset.inputs, dataset.records, package.signature),
            package.signature,
            kwargs["monitor"],
            model=package.manifest.model,
            version=kwargs["version"],
            first=iso(dataset.times[0]) if dataset.times else None,
            last=iso(dataset.times[-1]) if dataset.times else None,
        )


class WhylogsDataValidatorFlavor(BaseDataValidatorFlavor):
    """Profiles of rows and predictions, and windows compared with them; it writes whylogs' files, too."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "drivetrain_whylogs"

    @property
    def config_class(self) -> type[WhylogsDataValidatorConfig]:
        """The settings' class."""
        return WhylogsDataValidatorConfig

    @property
    def implementation_class(self) -> type[WhylogsDataValidator]:
        """The validator's class."""
        return WhylogsDataValidator
