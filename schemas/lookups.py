"""Columns that a service looks up by a key before the model is asked, so that callers may leave them out."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from schemas.base import Name, Scalar, Strict
from schemas.column_names import composed
from schemas.database_url import holds_secret
from schemas.secret import SecretRef
from schemas.secret_names import may_name_secret

KEYS = ":keys"
"""What stands for the keys of a request in a query."""
KEY = "{key}"
"""What stands for one key in an address."""
_WEB = ("http://", "https://")
_BEHIND_HOST = re.compile(r"[/?#]")
_NAME_OF_HEADER = r"^[A-Za-z0-9-]{1,100}$"


class LookupSpec(Strict):
    """One lookup: which columns it gives, by which key, from a database (`query`) or from an address of the web."""

    name: Name = Field(description="what errors, flags and metrics call it")
    key: str = Field(min_length=1, description="the column of a request's row that holds the key")
    key_type: Literal["text", "integer"] = Field(default="text", description="of the key where it is looked up")
    columns: list[str] = Field(min_length=1, description="inputs of the model that it gives")
    url: str | SecretRef = Field(
        description="SQLAlchemy URL of a database, or http(s) address; with {key} in its path or query one GET a key, "
        "else one POST"
    )
    user: str | SecretRef | None = Field(default=None, description="of the database")
    password: SecretRef | None = Field(default=None, description="of the database: {env: NAME}")
    query: str | None = Field(
        default=None, description="one SELECT of the key and the columns, with WHERE … IN :keys; for a database"
    )
    headers: dict[Annotated[str, StringConstraints(pattern=_NAME_OF_HEADER)], str | SecretRef] = Field(
        default={}, description="of requests to an address; {env: NAME} for what is secret"
    )
    timeout: float = Field(default=0.25, ge=0.001, le=60, description="seconds until it counts as failed")
    cache_seconds: float = Field(default=60.0, ge=0, description="seconds that an answer holds; 0: not at all")
    cache_size: int = Field(default=10_000, ge=1, description="keys whose answers are held")
    fallback: Literal["reject", "missing"] | dict[str, Scalar] = Field(
        default="reject",
        description="where the key is unknown or the lookup fails: reject the row, take the columns as missing, or as "
        "{column: value, …}; the latter two are told with the prediction",
    )

    @property
    def secrets(self) -> list[SecretRef]:
        """The references in it."""
        found = [self.url, self.user, self.password, *self.headers.values()]
        return [one for one in found if isinstance(one, SecretRef)]

    @field_validator("columns")
    @classmethod
    def _columns_differ(cls, columns: list[str]) -> list[str]:
        names = list(map(composed, columns))
        if len(set(names)) < len(names):
            raise ValueError("a column stands twice")
        return names

    @field_validator("fallback")
    @classmethod
    def _fallback_is_composed(cls, fallback: Any) -> Any:
        return {composed(name): value for name, value in fallback.items()} if isinstance(fallback, dict) else fallback

    @field_validator("key")
    @classmethod
    def _key_is_composed(cls, key: str) -> str:
        return composed(key)

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        is_web = isinstance(self.url, str) and self.url.startswith(_WEB)
        if is_web and (self.query is not None or self.user is not None or self.password is not None):
            raise ValueError("query, user and password belong to a database, and url is an address of the web")
        if isinstance(self.url, str) and not is_web and self.query is None:
            raise ValueError(f"query: a database needs one SELECT … WHERE … IN {KEYS}; an address begins with https://")
        if self.query is not None and self.query.count(KEYS) != 1:
            raise ValueError(f"query must have {KEYS} once, where the keys of a request belong: WHERE id IN {KEYS}")
        if self.query is not None and self.headers:
            raise ValueError("headers belong to an address of the web, and query to a database")
        return self

    @model_validator(mode="after")
    def _key_names_no_host(self) -> Self:
        if isinstance(self.url, str) and self.url.startswith(_WEB):
            require_key_behind_host(self.url)
        return self

    @model_validator(mode="after")
    def _secrets_are_references(self) -> Self:
        if isinstance(self.url, str) and holds_secret(self.url):
            raise ValueError("url holds a password; say user and password: {env: NAME}, or url: {env: NAME}")
        for name, value in self.headers.items():
            if isinstance(value, str) and may_name_secret(name, value):
                raise ValueError(f"headers.{name} holds a secret, which must not stand here: say {{env: NAME}}")
        if any(one.env is None for one in self.secrets):
            raise ValueError("a service has no secrets of ZenML: say {env: NAME}")
        return self

    @model_validator(mode="after")
    def _fallback_is_whole(self) -> Self:
        if self.key in self.columns:
            raise ValueError(f"key: {self.key!r} cannot be one of the columns that are looked up by it")
        if isinstance(self.fallback, dict) and set(self.fallback) != set(self.columns):
            raise ValueError(
                f"fallback must have a value for each of the columns, {', '.join(self.columns)}, and no other"
            )
        return self


def require_key_behind_host(address: str) -> None:
    """Check that callers, whose the key is, say neither which host is asked nor how. Raises ValueError."""
    beginning, _, rest = address.partition("://")
    path = _BEHIND_HOST.search(rest)
    host = rest[: path.start()] if path else rest
    if KEY in beginning or KEY in host or KEY in rest.partition("#")[2]:
        raise ValueError(
            f"url may have {KEY} in its path or query alone, as https://host/path/{KEY}: elsewhere a caller's "
            "key would say which host is asked, with the headers of this one, or say nothing"
        )


def require_fitting_each_other(lookups: Sequence[LookupSpec], deadline: float) -> None:
    """Check that lookups differ, have keys in time, and end before the deadline. Raises ValueError."""
    for what, names in (("name", [one.name for one in lookups]), ("column", [*_columns(lookups)])):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"lookups: the {what} {twice[0]!r} stands twice")
    for place, one in enumerate(lookups):
        for later in lookups[place + 1 :]:
            if one.key in later.columns:
                told = f"the key {one.key!r} of {one.name!r} is looked up by {later.name!r}, which stands behind it"
                raise ValueError(f"lookups: {told}; put {later.name!r} before {one.name!r}")
    if lookups and sum(one.timeout for one in lookups) >= deadline:
        total = f"{sum(one.timeout for one in lookups):g} seconds"
        raise ValueError(f"lookups: their timeouts, {total} together, do not end before the deadline of {deadline:g}")


def _columns(lookups: Sequence[LookupSpec]) -> Iterator[Any]:
    for one in lookups:
        yield from one.columns
