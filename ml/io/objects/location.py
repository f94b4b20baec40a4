"""Where an object is: `s3://bucket/key`, and where the server is not Amazon's, `?endpoint_url=https://host:port`."""

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

SCHEMES = ("s3", "s3a")
_OPTIONS = ("endpoint_url", "region")
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
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES:
            raise ValueError("is no s3:// URL")
        if "=" not in parts.query:  # a glob
            parts = urlsplit(url.replace("?", "%3F"))
        if "@" in parts.netloc:
            raise ValueError("keys do not belong into a URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        if not _BUCKET.fullmatch(parts.netloc):
            raise ValueError("names no bucket: s3://bucket/key, the bucket in 3 to 63 of a-z, 0-9, - and .")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if unknown := sorted(set(options) - set(_OPTIONS)):
            raise ValueError(f"has unknown options, {', '.join(unknown)}; there are {' and '.join(_OPTIONS)}")
        if options.get("endpoint_url"):
            check_endpoint(options["endpoint_url"])
        key = parts.path.strip("/").replace("%3F", "?")
        return cls(parts.netloc, key, options.get("endpoint_url") or None, options.get("region"))

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


def is_object_url(url: str) -> bool:
    """Say whether a URL names an object on S3, and not by way of another file system."""
    return "::" not in url and urlsplit(url).scheme in SCHEMES


def child_url(url: str, name: str) -> str:
    """Return the URL of `name` in the folder `url`, of S3 or of any other file system."""
    return Location.parse(url).child(name).url if is_object_url(url) else f"{url.rstrip('/')}/{name}"


def check_endpoint(url: str) -> None:
    """Raise ValueError where a server's address is none, or holds a password."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the endpoint is no address: https://host or https://host:port")
    if "@" in parts.netloc or parts.query:
        raise ValueError("the endpoint holds more than scheme, host and port: keys come from the environment")
