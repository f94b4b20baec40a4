"""How a database is named and reached, by source and sink alike; checked without a database library."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, field_validator

from schemas.base import Strict
from schemas.database_url import holds_password
from schemas.errors import ConfigurationError, Fault
from schemas.secret import SecretRef

if TYPE_CHECKING:
    from ml.io.database.engine import Login


class DatabaseParams(Strict):
    """Which database, and who asks; a password is given by reference only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str | SecretRef = Field(description="postgresql://host/database, sqlite:///file.db, …; without a password")
    database_schema: str | None = Field(default=None, min_length=1, description="schema of the table, if not the first")
    user: str | SecretRef | None = Field(default=None, description="text or reference; null: as the URL has it")
    password: SecretRef | None = Field(default=None, description="reference, never the password itself")
    connect_timeout: int = Field(default=5, ge=1, le=60, description="seconds to wait for the server's answer")

    @field_validator("url")
    @classmethod
    def _url_without_password(cls, url: str | SecretRef) -> str | SecretRef:
        if isinstance(url, str) and holds_password(url):
            raise ValueError(
                "holds a password, which would be written beside every run; leave it out of the URL and write "
                "password: {env: NAME}"
            )
        return url

    @field_validator("password", mode="before")
    @classmethod
    def _password_by_reference(cls, password: Any) -> Any:
        if password is None or isinstance(password, dict | SecretRef):
            return password
        raise ValueError("must not be written here; name the variable that holds it: password: {env: NAME}")


def login(params: DatabaseParams, reveal: Callable[[SecretRef], str]) -> "Login":
    """Return the address with its secrets, which are held no longer than it takes. Raises SqlError."""
    from ml.io.database.engine import Login
    from ml.io.database.errors import SqlError

    given: dict[str, str | None] = {}
    secrets: list[str] = []
    faults: list[Fault] = []
    for name, value in (("url", params.url), ("user", params.user), ("password", params.password)):
        if not isinstance(value, SecretRef):
            given[name] = value
            continue
        try:
            given[name] = reveal(value)
            secrets.append(str(given[name]))
        except ConfigurationError as error:
            faults += [Fault(name, fault.message, fault.hint) for fault in error.faults]
    if faults:
        raise SqlError(faults)
    return Login(str(given["url"]), given["user"], given["password"], params.connect_timeout, tuple(secrets))
