"""A secret by reference: what a configuration holds instead of the secret itself."""

from typing import Self

from pydantic import Field, model_validator

from schemas.base import Strict


class SecretRef(Strict):
    """Where a secret is: an environment variable (`env`), or a key of a ZenML secret (`secret` and `key`)."""

    env: str | None = Field(default=None, min_length=1, description="name of an environment variable")
    secret: str | None = Field(default=None, min_length=1, description="name of a ZenML secret")
    key: str | None = Field(default=None, min_length=1, description="key within the ZenML secret")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.secret is None):
            raise ValueError("declare either env, or secret and key")
        if (self.secret is None) != (self.key is None):
            raise ValueError("a ZenML secret needs both: secret and key")
        return self
