"""YAML by the rules of kubectl and the API: what is text to them, and what a number or a boolean.

They differ from PyYAML's, which are those of YAML 1.1: `2026-01-01` and `12:30` are text, `y` is true, and `1234e5` and
`0o17` are numbers. What is sent to a cluster is JSON: its keys are text, and 2.0 is 2.

Source: goyaml.v2 of sigs.k8s.io/yaml, resolve.go (November 2026).
"""

import re
from collections.abc import Iterable
from math import isinf
from typing import Any, Final

import yaml
from yaml.constructor import ConstructorError
from yaml.scanner import ScannerError

from schemas.errors import ConfigurationError, Fault
from serving.kubernetes.yaml_tabs import TabLoader

_TAG: Final = "tag:yaml.org,2002:"
_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_NULL = ("", "~", "null", "Null", "NULL")
_UNBOUNDED = tuple(sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF"))
_NO_NUMBER = (*_UNBOUNDED, ".nan", ".NaN", ".NAN")
_WORDS = {
    **dict.fromkeys((*_TRUE, *_FALSE), "bool"),
    **dict.fromkeys(_NULL, "null"),
    **dict.fromkeys(_NO_NUMBER, "float"),
    "<<": "merge",
}
_WHOLE = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SHORT_FRACTION = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_HALVES: Final = "utf-16-le"  # of a character above U+FFFF, each of which may have an escape of its own
_DIGITS: Final = "a number of too many digits"
_LARGEST_WHOLE = 1e21  # larger ones are written with an exponent in JSON


def load(text: str) -> list[Any]:
    """Return the documents of a file. Raises ConfigurationError if it is no YAML, or a mapping has a key twice."""
    documents = []
    try:
        loader = _Loader(text)
        while loader.check_data():  # type: ignore[no-untyped-call]  # PyYAML's stubs
            documents.append(loader.get_data())
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError([_unread(text, error)], "The manifests cannot be read") from error
    if loader.faults:
        raise ConfigurationError(loader.faults, "The manifests cannot be read")
    return documents


def _unread(text: str, error: Exception) -> Fault:
    """Return why a file is no YAML, and where that was found."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark, why = error.problem_mark, error.problem
        place = None if mark is None else (mark.line, mark.column)
    elif isinstance(error, yaml.reader.ReaderError):
        before, why = text[: error.position].split("\n"), "a sign that it cannot hold"
        place = (len(before) - 1, len(before[-1]))
    else:
        place, why = None, "nested too deep"
    where = "" if place is None else f"line {place[0] + 1}, column {place[1] + 1}"
    return Fault(where, f"this is no YAML: {why}" if why else "this is no YAML")


def dump(documents: Iterable[Any]) -> str:
    """Return documents as YAML in which text stays text, by PyYAML's rules as well."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000)


def kind(text: str) -> str:
    """Return what a scalar without quotes is: `str`, `int`, `float`, `bool`, `null` or, as a key, `merge`."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        is_fraction = bool(_SHORT_FRACTION.fullmatch(text))
    elif text[0] in "+-0123456789":
        if _WHOLE.fullmatch(text.replace("_", "")):
            return "int"
        is_fraction = bool(_FRACTION.fullmatch(text.replace("_", "")))
    else:
        return "str"
    return "float" if is_fraction and not isinf(_fraction(text)) else "str"


def _whole(text: str) -> int:
    """Return a whole number. Raises ValueError where it has more digits than Python writes, in whatever base it is."""
    number = int(re.sub(r"^([-+]?)0(?=[0-7])", r"\g<1>0o", text.replace("_", "")), 0)  # 017 is 0o17
    str(number)
    return number


def _fraction(text: str) -> float:
    number = float(text.replace("_", ""))
    return int(number) if number.is_integer() and abs(number) < _LARGEST_WHOLE else number


_VALUES: Final[dict[str, Any]] = {
    "bool": lambda text: text in _TRUE,
    "null": lambda text: None,
    "int": _whole,
    "float": _fraction,
}


class _Loader(TabLoader):
    """Reads documents; what a cluster could not be sent is kept in `faults`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.faults: list[Fault] = []

    def say(self, node: yaml.Node, message: str, hint: str = "") -> None:
        """Keep a fault, at the line of a node."""
        self.faults.append(Fault(f"line {node.start_mark.line + 1}", message, hint))

    def resolve(self, of: type[yaml.Node], value: Any, implicit: Any) -> str:
        if of is yaml.ScalarNode and implicit[0]:
            return _TAG + kind(value)
        return str(super().resolve(of, value, implicit))  # type: ignore[no-untyped-call]

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Return a mapping as it stands there: what it is merged with does not count as a key twice."""
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == f"{_TAG}merge":
                continue
            name = _key(self.construct_object(key))
            if key.tag == f"{_TAG}null":
                self.say(key, "a key cannot be null", 'as text: "null"')
            elif name in lines:
                self.say(key, f"{name!r} is there twice in one mapping", f"first in line {lines[name]}")
            lines.setdefault(name, key.start_mark.line + 1)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        return {_key(key): value for key, value in super().construct_mapping(node, deep=deep).items()}

    def plain(self, node: yaml.ScalarNode) -> Any:
        """Return a number, a boolean or nothing; its tag may be written before it."""
        text, wanted = str(self.construct_scalar(node)), node.tag.removeprefix(_TAG)
        found = kind(text)
        if text in _NO_NUMBER:
            self.say(node, f"{text} is no number that a cluster can be sent", f'as text: "{text}"')
        elif found == wanted or (found, wanted) == ("int", "float"):
            try:
                return _VALUES[found](text)
            except ValueError as error:  # `_whole`: Python's limit
                raise ConstructorError(None, None, _DIGITS, node.start_mark) from error
        else:
            self.say(node, f"{text!r} is no {wanted}")
        return text

    def scan_yaml_directive_number(self, start_mark: Any) -> int:
        """Return a number of YAML's version."""
        try:
            return int(super().scan_yaml_directive_number(start_mark))
        except ValueError as error:
            raise ScannerError("while scanning a directive", start_mark, _DIGITS, self.get_mark()) from error

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Any) -> list[str]:
        """Return what stands in quotes up to a blank; two escapes may be one character, as in JSON."""
        try:
            text = "".join(super().scan_flow_scalar_non_spaces(double, start_mark))
            return [text.encode(_HALVES, "surrogatepass").decode(_HALVES)]
        except (ValueError, OverflowError) as error:  # above U+10FFFF, or half of two
            why = "an escape that stands for no character"
            raise ScannerError("while scanning a double-quoted scalar", start_mark, why, self.get_mark()) from error

    def text(self, node: yaml.ScalarNode) -> str:
        """Return text, whatever its tag says: so are dates read."""
        return str(self.construct_scalar(node))


def _key(key: Any) -> str:
    """Return a key as JSON has it."""
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return str(key)


for _name in _VALUES:
    _Loader.add_constructor(_TAG + _name, _Loader.plain)
for _name in ("merge", "timestamp"):
    _Loader.add_constructor(_TAG + _name, _Loader.text)


class _Dumper(yaml.SafeDumper):
    """Puts into quotes what kubectl, or PyYAML, would not read as text."""

    def resolve(self, of: type[yaml.Node], value: Any, implicit: Any) -> str:
        found = str(super().resolve(of, value, implicit))  # type: ignore[no-untyped-call]
        is_text = of is yaml.ScalarNode and implicit[0] and found == f"{_TAG}str"
        return _TAG + kind(value) if is_text else found
