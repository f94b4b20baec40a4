"""What the text of a database URL shows; no database library is needed."""

import re
from urllib.parse import unquote_plus

# What SQLAlchemy takes for a password, and the parameters in which drivers take one; a passfile is a file's name.
_LOGIN = re.compile(r"://[^:/]*:[^@]*@")
_PARAMETER = re.compile(r"[?&;][^=&;]*(?:pass(?!file)|pwd|secret|token)[^=&;]*=", re.IGNORECASE)


def holds_password(url: str) -> bool:
    """Say whether a database URL holds a password."""
    quoted = "?" + unquote_plus(url.partition("?")[2])  # an ODBC connection string stands in one parameter
    return any(form.search(text) for form, text in ((_LOGIN, url), (_PARAMETER, url), (_PARAMETER, quoted)))
