"""One key: what is kept of it, and whether it is good now."""

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, StringConstraints

from schemas.base import Strict

PREFIX = "drivetrain_"
"""What every key begins with, by which scanners for secrets know one."""
_BYTES = 32
_KEY = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{20,}}")
State = Literal["valid", "expired", "revoked"]


def _no_key(name: str) -> str:
    if name.startswith(PREFIX):
        raise ValueError("a key is no name")
    return name


KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$"), AfterValidator(_no_key)]


class Key(Strict):
    """What is kept of a key: never the key itself, which is shown once, to who made it."""

    name: KeyName
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    made: AwareDatetime
    expires: AwareDatetime | None = None
    revoked: AwareDatetime | None = None

    def state(self, now: datetime) -> State:
        """Return whether it is good at a moment."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "valid"


def digest(key: bytes) -> str:
    """Return what a key is kept and found by: its SHA-256, in hexadecimal.

    A slow, salted hash (argon2, scrypt) makes it dear to guess what people choose. A key is not chosen: it holds 256
    random bits, so that nobody finds it by guessing however fast the hash is, and no two are equal, so that a salt
    would tell nothing apart. The fast one costs each request a microsecond, and whoever floods a service with wrong
    keys no more of its time. A key is looked up by this digest, so that the time which that takes says nothing of
    the keys there are: who sends a guess does not choose its digest.
    """
    return hashlib.sha256(key).hexdigest()


def masked(text: str) -> str:
    """Return text without a key in it."""
    return _KEY.sub(f"{PREFIX}…", text)


def make(name: str, expires: datetime | None) -> tuple[Key, str]:
    """Return what is kept of a new key, and the key."""
    key = PREFIX + secrets.token_urlsafe(_BYTES)
    return Key(name=name, sha256=digest(key.encode()), made=datetime.now(UTC), expires=expires), key
