"""What the text of a URL shows, of a database or of a file; no library of either is needed."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from schemas.secret_names import may_name_secret

_LOGIN = re.compile(r"[^/]*://[^:/]*:[^@]*@")  # what SQLAlchemy takes for a password
# The same within any text: a port is no password, and a path with an @ is none either.
_LOGIN_IN_TEXT = re.compile(r"://[^/@\s:]*:[^/@\s]+@|^[\w+.-]+://[^:/\[]*:(?!\d{1,5}/)[^@]+@")
_PARAMETER = re.compile(r"[?&;#]\s*([^=&;?#\s'\"]{1,100})\s*=\s*['\"]?([^&;#\s'\"]+)")
_CONNECTION = re.compile(r"(?:^|;)\s*(?:AccountKey|SharedAccessKey|SharedAccessSignature)\s*=", re.IGNORECASE)
_TIMES_QUOTED = 3  # an address may stand in a parameter of another

# The beginnings that services give their tokens.
_GIVEN = (
    r"(?:gh[oprsu]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|imt|soat|agent)-|xox[a-z]-|pypi-|AKIA|[rs]k_(?:live|test)_"
    r"|shp(?:at|ca|pa|ss)_|dop_v1_|dckr_pat_|hv[bsr]\.|ya29\.|AIza|nvapi-|ATATT|SG\.)[\w.=-]{8,}"
    r"|(?:npm|hf)_[A-Za-z0-9]{8,}|dapi[0-9a-f]{8,}(?:-\d)?|eyJ[\w-]{8,}\.[\w.-]+"
)
_TOKEN = re.compile(rf"(?:{_GIVEN})$")
# A user that is a token: by those, or as long and as mixed as chance makes it.
_TOKEN_USER = re.compile(
    rf"://(?:{_GIVEN}|sk-[\w-]{{8,}}"
    r"|(?=[^/@:?\s]*[0-9])(?=[^/@:?\s]*[a-z])(?=[^/@:?\s]*[A-Z])[\w.~%+=-]{20,}"
    r"|(?=[^/@:?\s]*[0-9])(?=[^/@:?\s]*[a-z])[a-z0-9]{32,}):?@"
)
_SHOWN_LOGIN = re.compile(r"://[^/@\s:'\"]*:[^/@\s'\"]+@")
_SHOWN_QUERY = re.compile(r"(://(?:[^\s'\"?#;:]|:(?!//))*)[?#;][^/\s'\"=]*=[^\s'\"]*")


def holds_password(url: str) -> bool:
    """Say whether a database URL holds a password."""
    return bool(_LOGIN.match(url)) or _has_secret_parameter(url)


def holds_secret(text: str) -> bool:
    """Say whether an address in any text holds a password, a token or a signature: whoever has it is let in."""
    return holds_token(text) or bool(_LOGIN_IN_TEXT.search(text))


def holds_token(text: str) -> bool:
    """Say whether an address holds a token or a signature that lets in whoever has it."""
    if _CONNECTION.search(text):
        return True
    return "://" in text and (bool(_TOKEN_USER.search(text)) or _has_secret_parameter(text))


def without_secrets(text: str) -> str:
    """Return a message without the logins and the parameters of the addresses in it."""
    if "://" not in text:
        return text
    return _SHOWN_QUERY.sub(r"\1?…", _TOKEN_USER.sub("://…@", _SHOWN_LOGIN.sub("://…@", text)))


def _has_secret_parameter(text: str) -> bool:
    return any(may_name_secret(name, value) or _TOKEN.match(value) for name, value in _parameters(text))


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    for _ in range(_TIMES_QUOTED):
        for name, value in _PARAMETER.findall(text):
            yield name, value
            if "=" in value:  # an ODBC connection string
                inner, _, rest = value.partition("=")
                yield inner, rest
        plain = unquote_plus(text)
        if plain == text:
            return
        text = plain
