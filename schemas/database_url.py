"""What the text of a URL shows, of a database or of a file; no library of either is needed."""

import re
from urllib.parse import unquote_plus

# What SQLAlchemy takes for a password.
_LOGIN = re.compile(r"://[^:/]*:[^@]*@")
# A user of so many letters and digits is a token, as code hosts and file stores take one.
_TOKEN = re.compile(r"://(?=[^/@:?]*[0-9])(?=[^/@:?]*[A-Za-z])[\w.~%+=-]{20,}@")
# The parameters in which drivers take a password and signed addresses a signature; a passfile is a file's name.
_PARAMETER = re.compile(
    r"[?&;](?:[^=&;]*(?:pass(?!file)|pwd|secret|token|signature|credential|api[_-]?key|access[_-]?key)[^=&;]*|sig|key)=",
    re.IGNORECASE,
)


def holds_password(url: str) -> bool:
    """Say whether a URL holds a password, a token or a signature that lets whoever has it in."""
    quoted = "?" + unquote_plus(url.partition("?")[2])  # an ODBC connection string stands in one parameter
    forms = ((_LOGIN, url), (_TOKEN, url), (_PARAMETER, url), (_PARAMETER, quoted))
    return any(form.search(text) for form, text in forms)
