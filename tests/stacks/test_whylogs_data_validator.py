"""The validator writes profiles in the format that its settings name; both are checked and read alike."""

from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import numpy as np
import pytest
from pydantic import ValidationError
from zenml.enums import StackComponentType

from ml.monitoring.profiles import Profile
from ml.package.reference import require_profile
from ml.predictions.predictor import Predictions
from schemas.signature import Input, NumberDerivation, Output, Signature
from stacks.flavors.whylogs_data_validator import WhylogsDataValidator, WhylogsDataValidatorConfig

SIGNATURE = Signature(
    inputs=[Input(name="size", type="number")],
    derivations=[NumberDerivation(column="size")],
    features=["size"],
    output=Output(task="regression", target="y"),
)


def written(profiles: Literal["drivetrain", "whylogs"]) -> bytes:
    now = datetime.now(UTC)
    validator = WhylogsDataValidator(
        name="v",
        id=uuid4(),
        config=WhylogsDataValidatorConfig(profiles=profiles),
        flavor="drivetrain_whylogs",
        type=StackComponentType.DATA_VALIDATOR,
        user=None,
        created=now,
        updated=now,
    )
    rows = {"size": np.arange(50.0).tolist()}
    return validator.data_profiling(rows, signature=SIGNATURE, predictions=Predictions(values=np.arange(50.0)))


def test_both_formats_say_the_same() -> None:
    ours, theirs = written("drivetrain"), written("whylogs")
    assert (ours[:8], theirs[:4]) == (b"DTPROFIL", b"WHY1")
    found = []
    for data in (ours, theirs):
        require_profile(data, SIGNATURE)
        read = Profile.from_bytes(data)
        size, value = read.column("size"), read.prediction("value")
        assert size is not None and size.numbers is not None and value is not None
        found.append((size.rows, size.numbers.minimum, size.numbers.deviation, size.distinct, value.rows))
    assert found[0] == found[1]


def test_another_format_is_refused() -> None:
    with pytest.raises(ValidationError, match="'drivetrain' or 'whylogs'"):
        WhylogsDataValidatorConfig(profiles="parquet")  # type: ignore[arg-type]
