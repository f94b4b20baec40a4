"""What can be told of a URL and a query by looking at their text alone."""

import re
from urllib.parse import unquote_plus

# What SQLAlchemy takes for a password, and the parameters in which drivers take one; a passfile is a file's name.
_LOGIN = re.compile(r"://[^:/]*:[^@]*@")
_PARAMETER = re.compile(r"[?&;][^=&;]*(?:pass(?!file)|pwd|secret|token)[^=&;]*=", re.IGNORECASE)
# Texts, names and comments, in which neither a semicolon nor a word means anything.
_OPAQUE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$", re.DOTALL
)
_READING = ("select", "with", "values", "table", "from")


def holds_password(url: str) -> bool:
    """Say whether a database URL holds a password."""
    quoted = "?" + unquote_plus(url.partition("?")[2])  # an ODBC connection string stands in one parameter
    return any(form.search(text) for form, text in ((_LOGIN, url), (_PARAMETER, url), (_PARAMETER, quoted)))


def why_not_one_query(text: str) -> str | None:
    """Return why a text is not one query that reads, None for what may be one; the database has the last word."""
    bare = _OPAQUE.sub(lambda found: " " if found.group().startswith(("--", "/*")) else "x", text).strip()
    statements = [statement.strip() for statement in bare.split(";")]
    if any(statements[1:]):
        return "is more than one statement; write one SELECT"
    words = re.findall(r"\w+", statements[0])
    if not words:
        return "is empty; write one SELECT"
    if words[0].lower() not in _READING:
        return f"begins with {words[0]}, but only reading is done here; write one SELECT, or WITH … SELECT"
    return None
