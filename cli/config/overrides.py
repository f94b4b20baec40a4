"""`key=value` words of the command line: read one by one, checked, and brought into the one form that always works.

Hydra wants `+key` for a key that is not in any YAML and refuses it for one that is. Here both mean the same: the
schema, not the YAML, declares which keys exist.
"""

import re
from dataclasses import dataclass, field

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from cli.config.bounded_word import why_unbounded
from cli.config.repository import GROUPS, Repository
from cli.config.safety import without_password
from schemas.errors import Fault, did_you_mean

_HOME = re.compile(r"^([^=~'\"]+=)(~[\w.-]*/[^'\",\\]*)$")  # key=~/file, which Hydra takes for a key to be deleted
_NAMED = 60  # characters of a key
FREE_HYDRA_KEYS = ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.verbose")


@dataclass
class Overrides:
    """What the command line declares: `words` for Hydra, `typed` as typed by key, `chosen` options by group."""

    words: list[str] = field(default_factory=list)
    typed: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken_groups: set[str] = field(default_factory=set)


def read_overrides(texts: list[str], repository: Repository) -> Overrides:
    """Sort the words into group choices and keys; a word that cannot work becomes a fault and is left out."""
    found = Overrides()
    parser = OverridesParser.create()
    for typed in texts:
        text = _HOME.sub(r"\1'\2'", typed)
        override = parsed(text, parser)
        if override is None or not override.key_or_group:
            found.faults.append(_unread(text))
            continue
        fault = _shape_fault(override)
        if fault is not None:
            found.faults.append(fault)
        elif _names_group(override.key_or_group, repository):
            _read_choice(override, repository, found)
        else:
            _read_key(override, found)
    return found


def parsed(text: str, parser: OverridesParser | None = None) -> Override | None:
    """Return a word as Hydra reads it, None where it cannot, or where that could take for ever."""
    if why_unbounded(text):
        return None
    try:
        return (parser or OverridesParser.create()).parse_override(text)
    except (HydraException, RecursionError):
        return None


def _unread(text: str) -> Fault:
    if why := why_unbounded(text):
        return Fault(text.partition("=")[0][:_NAMED], why, "write it in the experiment's file")
    hint = "quote what the shell or Hydra would read: 'key=\"a, b\"'"
    return Fault(without_password(text), "is not of the form key=value", hint)


def _shape_fault(override: Override) -> Fault | None:
    key, text = override.key_or_group, without_password(str(override.input_line))
    if key.replace("/", ".").split(".")[0] == "hydra" and (key not in FREE_HYDRA_KEYS or override.is_delete()):
        free = ", ".join(FREE_HYDRA_KEYS)
        return Fault(
            key, "cannot be changed: Hydra runs code that its node names", f"of the hydra node only {free} may be given"
        )
    if override.package is not None:
        return Fault(key, "cannot be moved to another place in the tree with '@'", f"write {key}=… instead of {text}")
    if override.is_sweep_override():
        hint = f"-m runs each of them; a list is written {key}=[a,b], a text with a comma {key}='\"a,b\"'"
        return Fault(key, f"{text} names several values", hint)
    return None


def _names_group(key: str, repository: Repository) -> bool:
    return key in GROUPS or ("." not in key and repository.group_exists(key))


def _read_choice(override: Override, repository: Repository, found: Overrides) -> None:
    group, option = override.key_or_group, override.value()
    options = repository.get_group_options(group)
    known = f"{group} can be: {', '.join(options)}" if options else f"there is no option for {group} here"
    if override.is_delete() or option is None:
        found.faults.append(Fault(group, "is a decision and cannot be left out", known))
    elif not isinstance(option, str):
        found.faults.append(Fault(group, f"takes the name of one option, not {option!r}", known))
    elif not _option_exists(repository, group, option):
        suggestion = did_you_mean(option, options)
        if group == "experiment" and repository.config_dir is None:
            known += "\n    for an experiment of your own, FOLDER/experiment/NAME.yaml, give --config-dir FOLDER"
        found.faults.append(Fault(group, f"{option!r} is not an option.{suggestion}", known))
    elif group in found.chosen and found.chosen[group] != option:
        found.faults.append(Fault(group, f"both {found.chosen[group]!r} and {option!r} were asked for", "choose one"))
    else:
        found.chosen[group] = option
        found.typed[group] = str(override.input_line)
        prefix = "" if group in GROUPS and group != "experiment" else "+"
        found.words.append(f"{prefix}{group}={option}")
        return
    found.broken_groups.add(group)


def _option_exists(repository: Repository, group: str, option: str) -> bool:
    return ".." not in option and repository.config_exists(f"{group}/{option}")


def _read_key(override: Override, found: Overrides) -> None:
    text = str(override.input_line)
    found.typed[override.key_or_group] = text
    if override.is_delete() or override.key_or_group.startswith("hydra."):
        found.words.append(text.lstrip("+"))
    else:
        found.words.append("++" + text.lstrip("+"))
