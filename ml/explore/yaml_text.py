"""Values as YAML that reads back as the same values in a configuration; every piece is dumped by PyYAML.

Text is quoted unless it is a plain word, for two readers disagree on the rest: OmegaConf takes `1e5` for a number,
PyYAML does not; both take `no` and `null` for something else than text.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

import yaml

_PLAIN = re.compile(r"[^\W\d]\w*(?:[./-]\w+)*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"}
_JOINERS = "\u200c\u200d"
_BEFORE_A_VALUE = re.compile(r"(\\*)\$\{")


class _Inline(dict[str, Any]):
    """A mapping on one line."""


class _Dumper(yaml.SafeDumper):
    pass


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    # Between double quotes PyYAML writes emoji as numbers; between single ones it does not escape line ends.
    quote = "'" if any(ord(character) > 0xFFFF for character in text) and text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else quote)


def _inline(dumper: yaml.SafeDumper, values: _Inline) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", values.items(), flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Inline, _inline)


def block(values: dict[str, Any], *, indent: int = 0, inline: bool = False) -> list[str]:
    """Return the lines of a mapping; `inline` writes each value that is a mapping on its key's line.

    Text that would be taken for a reference, ${other.key}, is written so that it is not.
    """
    safe = {key: _escaped(value) for key, value in values.items()}
    shaped = {key: _Inline(value) if inline and isinstance(value, dict) else value for key, value in safe.items()}
    raw = yaml.dump(
        shaped,
        Dumper=_Dumper,
        sort_keys=False,
        width=sys.maxsize,
        allow_unicode=not any(map(_deceives, _texts(values))),
        default_flow_style=False,
    )
    return [" " * indent + line for line in raw.splitlines()]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _deceives(text: str) -> bool:
    """Whether a text holds marks that cannot be seen, such as those that turn the direction of a line around."""
    return any(unicodedata.category(one) in ("Cf", "Cs", "Co", "Cn") and one not in _JOINERS for one in text)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return _BEFORE_A_VALUE.sub(lambda found: found[1] * 2 + r"\${", value)
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list) else value
