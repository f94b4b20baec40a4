"""The key of one column's declaration in a form that can be given: on the command line where its name can stand there.

A name with a blank cannot stand in `data.columns.NAME.type`, since Hydra reads no such key; its declaration is then the
value of `data.columns`. Names beyond ASCII and with quotation marks can stand in YAML alone.
"""

import json
import re

from ml.values.display import NAME, readable

_IN_A_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]*|[0-9]+")
_IN_A_VALUE = re.compile(r"[A-Za-z0-9_./(][A-Za-z0-9_./%+*@?|$:=,()\[\]{} -]*")
_ESCAPED = re.compile(r"([:=,()\[\]{}]|(?<= ) | $)")
_NO_TEXT = re.compile(r"(?i)null|true|false|nan|inf|[0-9._]+(?:e[0-9+-]+)?")
_SPECIAL = re.compile(r"://|\$\{")
_ANY = {"type": "TYPE", "missing": "[WORD]"}


def key(name: str, of: str) -> str:
    """Return the key `of` of a column, such as `type`, with a word for its value where the key cannot stand alone."""
    return f"data.columns.{name}.{of}" if _is_plain(name) else _within(name, f"{of}: {_ANY.get(of, 'VALUE')}")


def declaration(name: str, *keys: str) -> str:
    """Return a column's declaration, such as `type: drop`, for a sentence; the first of several follows the path."""
    return f"data.columns.{name}.{' and '.join(keys)}" if _is_plain(name) else _within(name, ", ".join(keys))


def _is_plain(name: str) -> bool:
    return len(name) <= NAME and _IN_A_KEY.fullmatch(name) is not None


def _within(name: str, keys: str) -> str:
    keys = keys.replace("'", '"')
    is_read = _IN_A_VALUE.fullmatch(name) and not _NO_TEXT.fullmatch(name) and not _SPECIAL.search(name)
    if is_read and len(name) <= NAME:
        text = _ESCAPED.sub(r"\\\1", name)
        return f"'data.columns={{{text}: {{{keys}}}}}'"
    return f"data.columns: {{{json.dumps(readable(name, NAME), ensure_ascii=False)}: {{{keys}}}}} (in YAML)"
