"""Step `profile`: the reference that monitoring compares with."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.features.cells import cells
from steps.artifacts import ModelPackage, ReferenceProfile
from steps.materializers.profile import ProfileMaterializer
from steps.monitor.validator import data_validator


@step(output_materializers={"reference": ProfileMaterializer})
def profile(candidate: ModelPackage, train_set: pd.DataFrame) -> Annotated[ReferenceProfile, "reference"]:
    """Profile the training rows and the packaged model's predictions for them."""
    model = candidate.model
    columns = cells(train_set, model.signature)
    return ReferenceProfile(
        data_validator().data_profiling(columns, signature=model.signature, predictions=model.predict(columns))
    )
