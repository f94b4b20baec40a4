"""What an object store answers when it will not, in one sentence for a person; each kind is an error of its own."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from ml.io.objects.location import Location, is_object_url
from schemas.errors import (
    AccessDeniedError,
    CredentialsError,
    DrivetrainError,
    NoBucketError,
    ObjectStoreError,
    ThrottledError,
    UnreachableError,
)

Told = tuple[type[ObjectStoreError], str, str]

_ENVIRONMENT = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_KEY: Told = (CredentialsError, "the access key is not known there", f"see {_ENVIRONMENT}, or the profile")
_SECRET: Told = (CredentialsError, "the secret does not fit the access key", f"see {_ENVIRONMENT}, or the profile")
_TOKEN: Told = (CredentialsError, "the session's token is no longer valid", "sign in again, and run again")
_NONE: Told = (CredentialsError, "there are no credentials", f"set {_ENVIRONMENT}, or AWS_PROFILE")
_DENIED: Told = (AccessDeniedError, "access is denied", "give this key the right to {operation} there, or use another")
_BUCKET: Told = (NoBucketError, "there is no bucket {bucket}", "make it, or name another; see AWS_ENDPOINT_URL_S3 too")
_SLOW: Told = (
    ThrottledError,
    "the store asks to slow down, again after waiting",
    "run again later, or with less at once",
)
_REGION: Told = (ObjectStoreError, "the bucket is in another region", "set AWS_REGION to the bucket's region")
_CLOCK: Told = (ObjectStoreError, "the clocks of this machine and the store differ", "set this machine's clock")
_FAULTY: Told = (UnreachableError, "the store answers with an error of its own ({code})", "see its log, and run again")
_GONE: Told = (
    UnreachableError,
    "the store does not answer",
    "see whether {endpoint} can be reached from here",
)

_BY_CODE: Mapping[str, Told] = {
    **dict.fromkeys(("InvalidAccessKeyId", "InvalidClientTokenId", "NotSignedUp"), _KEY),
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSecurity"), _SECRET),
    **dict.fromkeys(("ExpiredToken", "InvalidToken", "TokenRefreshRequired"), _TOKEN),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem", "403", "401"), _DENIED),
    "NoSuchBucket": _BUCKET,
    **dict.fromkeys(
        ("SlowDown", "ServiceUnavailable", "TooManyRequests", "TooManyRequest", "RequestLimitExceeded", "Throttling"),
        _SLOW,
    ),
    **dict.fromkeys(("ThrottlingException", "ErrTooManyRequest", "ErrRequestBytesExceed", "429", "503"), _SLOW),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"), _REGION
    ),
    **dict.fromkeys(("301", "307"), _REGION),
    "RequestTimeTooSkewed": _CLOCK,
    **dict.fromkeys(("InternalError", "500", "502", "504", "NoSuchUpload"), _FAULTY),
    "RequestTimeout": _GONE,
}
_ABSENT = ("NoSuchKey", "404", "NoSuchVersion", "PreconditionFailed", "412", "ConditionalRequestConflict", "409")
# Of botocore, aiohttp and fsspec, by name: none of them is imported for it.
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "NoAuthTokenError")
_NO_ANSWER = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "ReadTimeoutError", "SSLError"),
    *("ProxyConnectionError", "HTTPClientError", "ClientError", "ServerDisconnectedError", "ClientPayloadError"),
    *("FSTimeoutError", "IncompleteRead", "ResponseStreamingError", "IncompleteReadError", "ResponseParserError"),
)
_LIBRARIES = ("botocore", "aiobotocore", "aiohttp", "fsspec", "s3fs", "urllib3", "http.client")
_OPERATIONS = {"Put": "write", "Upload": "write", "Create": "write", "Complete": "write", "Delete": "delete"}


def code_of(error: BaseException) -> str:
    """Return the code of a server's answer, an empty text where it is no answer."""
    found = next((one for one in _chain(error) if isinstance(getattr(one, "response", None), dict)), None)
    return "" if found is None else str(found.response.get("Error", {}).get("Code", ""))  # type: ignore[attr-defined]


def is_there_already(error: BaseException) -> bool:
    """Say whether a conditional write found an object of the name."""
    return code_of(error) in ("PreconditionFailed", "412")


def is_contested(error: BaseException) -> bool:
    """Say whether a conditional write met another one at the same moment, and neither is decided."""
    return code_of(error) in ("ConditionalRequestConflict", "409")


def object_store_error(error: BaseException, location: Location) -> ObjectStoreError | None:
    """Return what went wrong for a person; None when it is no trouble of the store, as an object that is not there."""
    if any(isinstance(found, DrivetrainError) for found in _chain(error)):
        return None
    code = code_of(error)
    told = _BY_CODE.get(code) if code else _without_answer(error)
    if told is None and code and code not in _ABSENT:
        told = (ObjectStoreError, f"the store refuses it ({code})", "see the store's documentation of that answer")
    if told is None:
        return None
    kind, what, hint = told
    words = {
        "bucket": location.bucket,
        "code": code,
        "operation": _operation(error),
        "endpoint": _endpoint(location),
    }
    where = location.plain + (f" at {words['endpoint']}" if location.endpoint_url else "")
    return kind(f"{where} cannot be used: {what.format(**words)}", hint.format(**words))


@contextmanager
def told_of(location: Location, files: Any = None) -> Iterator[None]:
    """Let what a store raises leave the block as `ObjectStoreError`; all else as it is.

    Args:
        location: What the block is about.
        files: The client. The answer to a look at an object has no text: 403 means a wrong secret as well as a missing
            right, 404 an absent bucket as well as an absent object. With a client the store is asked once more, so
            that the person hears which.
    """
    try:
        yield
    except Exception as error:
        plain = object_store_error(_plainer(error, location, files), location)
        if plain is None:
            raise
        raise plain from error


def told_of_url(url: str, files: Any = None) -> AbstractContextManager[None]:
    """Do the same of a URL, which may be one of any file system: only S3 is known here."""
    return told_of(Location.parse(url), files) if is_object_url(url) else nullcontext()


def _plainer(error: Exception, location: Location, files: Any) -> Exception:
    is_absent = isinstance(error, FileNotFoundError) and not code_of(error)
    if files is None or not (is_absent or code_of(error) in ("400", "401", "403", "404")):
        return error
    try:
        files.call_s3("list_objects_v2", Bucket=location.bucket, Prefix=location.key, MaxKeys=1)
    except Exception as answer:
        return answer
    return error


def _without_answer(error: BaseException) -> Told | None:
    for found in _chain(error):
        kinds = [kind for kind in type(found).__mro__ if kind.__module__.startswith(_LIBRARIES)]
        if any(kind.__name__ in _NO_CREDENTIALS for kind in kinds):
            return _NONE
        if any(kind.__name__ in _NO_ANSWER for kind in kinds) or isinstance(found, ConnectionError | TimeoutError):
            return _GONE
    return None


def _operation(error: BaseException) -> str:
    name = next((str(one.operation_name) for one in _chain(error) if hasattr(one, "operation_name")), "")
    return next((word for start, word in _OPERATIONS.items() if name.startswith(start)), "list and read")


def _endpoint(location: Location) -> str:
    named = location.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return named or "Amazon S3"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        yield found
        seen.append(found)
        found = found.__cause__
