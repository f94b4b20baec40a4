"""What a composed tree must not hold: anything that names code to import, or reaches for the environment.

This runs on the tree before anything is resolved or run.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from omegaconf import grammar_parser
from omegaconf.errors import GrammarParseError
from omegaconf.grammar.gen.OmegaConfGrammarParser import OmegaConfGrammarParser

from cli.config.expansion import is_readable
from schemas.code_keys import names_code
from schemas.database_url import holds_password, holds_secret
from schemas.errors import Fault
from schemas.secret_names import names_secret

_CALL = re.compile(r"\$\{(\w+):[^{}$]*\}")
_INNER = re.compile(r"[{,]\s*['\"]?([\w.-]+)['\"]?\s*:\s*([^,}]*)")  # {key: value}
_LONGEST, _MOST_FAULTS = 200, 50
_FREE = (("run", "dir"), ("sweep", "dir"), ("sweep", "subdir"), ("verbose",))
_FILLED_BY_HYDRA = ("overrides", "runtime")


def tree_faults(tree: Mapping[Any, Any]) -> list[Fault]:
    """Return every place outside the hydra node that names code, asks for a resolver, or holds a password."""
    found = (fault for key, node in tree.items() if key != "hydra" for fault in _node_faults(str(key), key, node))
    return list(islice(found, _MOST_FAULTS))


def _node_faults(path: str, key: Any, node: Any) -> Iterator[Fault]:
    if names_code(key):
        yield Fault(
            path, "no configuration may name code to import", "choose a component by its registered name: name: …"
        )
        return
    if isinstance(node, Mapping):
        for inner, value in node.items():
            yield from _node_faults(f"{path}.{inner}", inner, value)
    elif isinstance(node, list | tuple):
        for position, value in enumerate(node):
            yield from _node_faults(f"{path}[{position}]", None, value)
    elif isinstance(node, str):
        yield from _text_faults(path, node, allowed=())


def _text_faults(path: str, text: str, allowed: tuple[str, ...]) -> Iterator[Fault]:
    plain = _CALL.sub(lambda call: "" if call[1] in allowed else call[0], text)
    if not is_readable(plain):
        yield _unreadable(path, text, allowed)
    if holds_secret(text):
        # The text itself is not repeated: it would end in logs.
        yield Fault(
            path,
            "holds a password, a token or a signature, which would be written beside every run",
            "leave it out; for a database, password: {env: NAME} names the variable that holds it; file stores find "
            "theirs in the environment",
        )


def _unreadable(path: str, text: str, allowed: tuple[str, ...]) -> Fault:
    shown = "what stands here" if holds_secret(text) else repr(text[:_LONGEST])
    try:
        resolvers = [name for name in resolvers_in(text[:_LONGEST]) if name not in allowed]
    except (GrammarParseError, RecursionError):
        resolvers = []
    if not resolvers:
        return Fault(
            path, f"{shown} is not a readable interpolation", "an interpolation is ${another.key}, written out"
        )
    hint = "an interpolation may only name another key, ${another.key}; give what differs by machine as an override"
    return Fault(path, f"{shown} asks for {', '.join(resolvers)}", hint)


def without_password(word: str) -> str:
    """Return a `key=value` as it may be repeated: what could be a password is left out."""
    key, _, value = word.partition("=")
    named = [(key.rpartition(".")[2], value), *_INNER.findall(value)]
    secret = any(names_secret(*pair) for pair in named) or holds_secret(value) or holds_password(value)
    return f"{key}=…" if secret else word


def resolvers_in(text: str) -> list[str]:
    """Return the resolvers that an OmegaConf string would call, `${env:X}` → `[env]`, nested ones included."""
    if "${" not in text:
        return []
    found, open_nodes = [], [grammar_parser.parse(text)]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, OmegaConfGrammarParser.InterpolationResolverContext):
            found.append(str(node.getChild(1).getText()))
        open_nodes.extend(node.getChildren() if hasattr(node, "getChildren") else [])
    return found


def hydra_faults(node: Mapping[str, Any], ours: Mapping[str, Any]) -> list[Fault]:
    """Return where the composed hydra node differs from ours, except for folders, verbosity and its notes."""
    faults = [
        fault for path in _FREE[:3] for fault in _text_faults("hydra." + ".".join(path), str(_at(node, path)), ("now",))
    ]
    if not _is_verbosity(node.get("verbose")):
        faults.append(Fault("hydra.verbose", f"{node.get('verbose')!r} is neither true, false nor loggers' names"))
    left, right = _comparable(node), _comparable(ours)
    if left != right:
        keys = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
        faults += [Fault(f"hydra.{key}", "cannot be changed: Hydra runs code that its node names") for key in keys]
    return faults


def _at(node: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


def _is_verbosity(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return isinstance(value, bool) or all(isinstance(name, str) for name in names)


def _comparable(node: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in node.items() if key not in (*_FILLED_BY_HYDRA, "verbose")}
    for section, key in (_FREE[0], _FREE[1], _FREE[2]):
        kept[section] = {inner: value for inner, value in kept[section].items() if inner != key}
    kept["job"] = {key: value for key, value in kept["job"].items() if key != "override_dirname"}
    return kept
