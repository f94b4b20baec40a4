"""What a service's journal keeps, how long, and what holds while it takes nothing."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Strict

Keep = Literal["digest", "thumbnail", "whole"]


class JournalSpec(Strict):
    """What the journal keeps of each prediction's inputs, and what holds while it takes nothing."""

    keep: Keep = Field(
        default="digest",
        description="of an array or a text: digest its sha256 and summary, thumbnail also a small PNG of a picture, "
        "whole all",
    )
    policy: Literal["block", "drop"] = Field(
        default="block",
        description="while the journal takes nothing (its disk is full, its database away): block withholds answers "
        "(503), drop answers without it, and counts what is lost",
    )
    queue: int = Field(default=1_024, ge=1, description="requests that wait for the journal at once")
    queue_bytes: int = Field(
        default=64_000_000,
        ge=1_000,
        description="bytes of what waits for the journal (one request always may). Beyond either, block answers 429, "
        "and drop loses and counts",
    )
    keep_days: float | None = Field(
        default=None, gt=0, description="days after which a request goes, with its labels; null: it stays"
    )
    max_bytes: int | None = Field(
        default=None,
        ge=1_000_000,
        description="bytes that the journal may hold; beyond them the oldest requests go, with their labels. null: any",
    )
    archive: str | None = Field(
        default=None,
        description="folder to which requests go as Parquet files in place of being removed: a whole path, "
        "s3://bucket/folder, or another URL that fsspec knows; null: none",
    )

    @property
    def archive_folder(self) -> Path | None:
        """The folder of this machine that requests are archived to."""
        return None if self.archive is None or "://" in self.archive else Path(self.archive)

    @field_validator("archive")
    @classmethod
    def _archive_is_found_from_everywhere(cls, archive: str | None) -> str | None:
        if archive is None:
            return None
        if "@" in archive.partition("://")[2].partition("/")[0]:
            raise ValueError("a user or a password does not belong into a URL: the environment has them")
        if "://" not in archive and not archive.startswith("/"):
            raise ValueError(f"{archive!r} is a path from the folder of whoever reads it; name it from the root on")
        return archive

    @model_validator(mode="after")
    def _what_is_archived_goes_at_some_time(self) -> Self:
        if self.archive is not None and self.keep_days is None and self.max_bytes is None:
            raise ValueError("archive says where old requests go; say which are old, by keep_days or max_bytes")
        return self
