"""Parameters of the split by origins."""

from pydantic import Field

from schemas.base import Strict


class OriginsParams(Strict):
    """How many origins test and validate, and how far apart those that test are."""

    origins: int = Field(default=4, ge=1, le=10_000, description="origins that test, the newest among them")
    validation_origins: int | None = Field(
        default=None, ge=1, le=10_000, description="strides that validation reaches back; null: as many as origins"
    )
    stride: int | None = Field(
        default=None, ge=1, le=10_000, description="points between two origins that test; null: half the horizon"
    )
    frequency: str | None = Field(default=None, description="of the series; null: as the windows have it")
    horizon: int | None = Field(default=None, ge=1, description="points of a target; null: as the windows have it")
