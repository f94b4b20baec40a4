"""The `drivetrain_whylogs` data validator: profiles rows and compares a window of predictions with a profile."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from zenml.data_validators import BaseDataValidator, BaseDataValidatorFlavor
from zenml.data_validators.base_data_validator import BaseDataValidatorConfig

from ml.package.model import PackagedModel
from ml.predictions.predictor import Cells
from schemas.monitoring import MonitoringReport
from schemas.timestamps import iso
from serving.journal.predictions import Window


class WhylogsDataValidatorConfig(BaseDataValidatorConfig):
    """The validator has no settings: what counts as drift belongs to the experiment."""

    @property
    def is_local(self) -> bool:
        """Profiles are made where the step runs, wherever that is."""
        return False  # orchestrators of clouds refuse a stack with a component that is local


class WhylogsDataValidator(BaseDataValidator):
    """Profiles with whylogs 1.6."""

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
        from ml.monitoring.profiles import reference_profile

        return reference_profile(dataset, kwargs["signature"], kwargs["predictions"])

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
    """Profiles of rows and predictions with whylogs, and windows compared with them."""

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
