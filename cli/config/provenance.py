"""Where it was declared: the override or the file that a faulty value came from."""

import re
from collections.abc import Mapping
from typing import Any

from cli.config.compose import Composition
from cli.config.safety import without_password
from schemas.errors import Fault


def with_source(fault: Fault, composition: Composition) -> Fault:
    """Return the fault with a line that names the override or the file behind it, where there is one."""
    if fault in composition.overrides.faults:
        return fault
    source = _override(fault.path, composition.overrides.typed) or _file(fault.path, composition)
    if not source:
        return fault
    return Fault(fault.path, fault.message, f"{fault.hint}\n    {source}" if fault.hint else source)


def _override(path: str, typed: Mapping[str, str]) -> str:
    plain = re.sub(r"\[\d+\]", "", path)
    near = [key for key in typed if plain == key or plain.startswith(f"{key}.")]
    exact = [key for key in near if key == plain or "." in key or "." not in plain]
    # A fault of a whole block (two keys that do not fit) is declared by what was typed inside it.
    declared = (
        [typed[max(exact, key=len)]] if exact else [text for key, text in typed.items() if key.startswith(f"{plain}.")]
    )
    return f"declared by the override {' and '.join(map(without_password, declared))}" if declared else ""


def _file(path: str, composition: Composition) -> str:
    parts = re.sub(r"\[\d+\]", "", path).split(".")
    files = sorted(composition.repository.declared.values(), key=lambda declared: declared.is_experiment, reverse=True)
    for declared in files:
        prefix = declared.package.split(".") if declared.package else []
        if (
            parts[: len(prefix)] == prefix
            and len(parts) > len(prefix)
            and _holds(declared.content, parts[len(prefix) :])
        ):
            return f"declared by {declared.file}"
    return ""


def _holds(content: Any, parts: list[str]) -> bool:
    for position, part in enumerate(parts):
        if not isinstance(content, Mapping):
            return False
        if part not in content:
            # A column's name may hold dots.
            joined = ".".join(parts[position:])
            return any(joined == key or joined.startswith(f"{key}.") for key in content)
        content = content[part]
    return True
