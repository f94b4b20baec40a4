"""Where an object is: `s3://bucket/key`, and where the server is not Amazon's, `?endpoint_url=https://host:port`.

Every character of a key is its own: `#` and `%3F` are no marks of a URL there, and `?` is one of a glob. What stands
behind a `?` are options where it begins with `endpoint_url=` or `region=`. An option of another name is told from a
glob only at the end of a path that is none otherwise, where all behind the `?` is `NAME=VALUE` without a slash, or with
an address as value, or by a name that speaks of a secret, as that of a signature does; a glob that ends so
(`part-?year=2024`) is written with `[!/]` in place of the `?`.
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from schemas.secret_names import may_name_secret

SCHEMES = ("s3", "s3a")
_OPTIONS = ("endpoint_url", "region")
_KNOWN = re.compile(r"\?(?=endpoint_url=|region=[^/?&]*(?:&|$))")
_VALUE = r"(?:https?(?:://|%3A%2F%2F)[^&?*\[]*|[^/&?*\[]*)"
_UNKNOWN = re.compile(rf"[^?*\[]*\?([A-Za-z_][\w.-]*={_VALUE}(?:&[A-Za-z_][\w.-]*={_VALUE})*)")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class Location:
    """A bucket, a key in it, and the server.

    `endpoint_url` and `region` are None where the environment says (`AWS_ENDPOINT_URL_S3`, `AWS_REGION`), or nobody.
    """

    bucket: str
    key: str = ""
    endpoint_url: str | None = None
    region: str | None = None

    @classmethod
    def parse(cls, url: str) -> "Location":
        """Read a URL.

        Raises:
            ValueError: Saying what of it is wrong; no part of the URL is quoted that may be a secret.
        """
        scheme, mark, rest = url.partition("://")
        if not mark or scheme.lower() not in SCHEMES:
            raise ValueError("is no s3:// URL")
        place, text = _options_apart(rest)
        bucket, _, key = place.partition("/")
        if "@" in bucket:
            raise ValueError("keys do not belong into a URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        if not _BUCKET.fullmatch(bucket):
            raise ValueError("names no bucket: s3://bucket/key, the bucket in 3 to 63 of a-z, 0-9, - and .")
        options = dict(parse_qsl(text, keep_blank_values=True))
        if unknown := sorted(set(options) - set(_OPTIONS)):
            raise ValueError(f"has unknown options, {', '.join(unknown)}; there are {' and '.join(_OPTIONS)}")
        if options.get("endpoint_url"):
            check_endpoint(options["endpoint_url"])
        return cls(bucket, key.strip("/"), options.get("endpoint_url") or None, options.get("region"))

    @property
    def path(self) -> str:
        """`bucket/key`, as fsspec names it."""
        return f"{self.bucket}/{self.key}".rstrip("/")

    @property
    def plain(self) -> str:
        """The URL without the server, for a person."""
        return f"s3://{self.path}"

    @property
    def url(self) -> str:
        """The URL with the server."""
        options = {name: getattr(self, name) for name in _OPTIONS if getattr(self, name)}
        return f"{self.plain}?{urlencode(options)}" if options else self.plain

    def child(self, name: str) -> "Location":
        """Return where `name` is below this one."""
        return replace(self, key=f"{self.key}/{name}".strip("/"))

    def holds(self, other: "Location") -> bool:
        """Say whether another one is this one or below it, on the same server."""
        if (self.bucket, self.endpoint_url) != (other.bucket, other.endpoint_url):
            return False
        return not self.key or f"{other.key}/".startswith(f"{self.key}/")


def is_object_url(url: str) -> bool:
    """Say whether a URL names an object on S3, and not by way of another file system."""
    scheme, mark, _ = url.partition("://")
    return bool(mark) and "::" not in url and scheme.lower() in SCHEMES


def child_url(url: str, name: str) -> str:
    """Return the URL of `name` in the folder `url`, of S3 or of any other file system."""
    return Location.parse(url).child(name).url if is_object_url(url) else f"{url.rstrip('/')}/{name}"


def _options_apart(rest: str) -> tuple[str, str]:
    """Return what names the object, and the options behind it."""
    known = _KNOWN.search(rest)
    if known is not None:
        return rest[: known.start()], rest[known.end() :]
    unknown = _UNKNOWN.fullmatch(rest)
    if unknown is not None:
        return rest[: unknown.start(1) - 1], unknown.group(1)
    place, _, text = rest.partition("?")
    return (place, text) if any(_lets_in(*pair) for pair in parse_qsl(text)) else (rest, "")


def _lets_in(name: str, value: str) -> bool:
    return name.lower().startswith("x-amz-") or may_name_secret(name, value)


def check_endpoint(url: str) -> None:
    """Raise ValueError where a server's address is none, or holds a password."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the endpoint is no address: https://host or https://host:port")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("the endpoint holds more than scheme, host and port: keys come from the environment")
