"""What the text of a query shows, before a database sees it."""

import re

# Texts, names and comments, in which neither a semicolon nor a word means anything.
_OPAQUE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$", re.DOTALL
)
_READING = ("select", "with", "values", "table", "from")


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
