"""Words that name several values, and the jobs that they make: every combination, in the order typed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice, product
from math import prod
from typing import Any

from hydra.core.override_parser.types import Glob, Override, RangeSweep, Transformer
from hydra.errors import HydraException

from cli.config.overrides import FREE_HYDRA_KEYS, parsed
from cli.config.repository import Repository
from cli.config.safety import without_password
from schemas.errors import Fault

MOST = 1000
_FORMS = "values are named as a,b,c, choice(a,b,c), range(1,10,2) or, for a group, glob(*)"


@dataclass(frozen=True)
class Words:
    """The words of one job, and which of them differ between jobs: key → value."""

    texts: list[str]
    choices: dict[str, str]

    @property
    def label(self) -> str:
        """What makes this job differ, as typed, less what could be a password."""
        return " ".join(without_password(f"{key}={value}") for key, value in self.choices.items())

    @property
    def repeatable(self) -> dict[str, str]:
        """The choices, less what could be a password."""
        return {key: without_password(f"{key}={value}").partition("=")[2] for key, value in self.choices.items()}


@dataclass
class Expansion:
    """Every job's words, what was wrong with those that name several values, and what a person should hear."""

    jobs: list[Words] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def expand(texts: list[str], repository: Repository) -> Expansion:
    """Return the jobs of a sweep; a word that cannot be expanded becomes a fault and is left out of them."""
    found = Expansion()
    places: list[list[tuple[str, str | None, str]]] = []  # per word: (text, swept key, value)
    for text in texts:
        override = parsed(text)
        if override is None or not override.is_sweep_override() or _is_refused_anyway(override):
            places.append([(text, None, "")])  # composing reports what is wrong with a word that cannot be read
            continue
        fault = _fault(override, found)
        values = [] if fault else _values(override, repository, found)
        if fault:
            found.faults.append(fault)
        if values:
            key = override.get_key_element()
            found.sizes[override.key_or_group] = len(values)
            places.append([(f"{key}={value}", override.key_or_group, value) for value in values])
    found.jobs = [_job(combination) for combination in product(*_affordable(places, found))]
    return found


def _is_refused_anyway(override: Override) -> bool:
    key = override.key_or_group
    return key.replace("/", ".").split(".")[0] == "hydra" and key not in FREE_HYDRA_KEYS


def _fault(override: Override, found: Expansion) -> Fault | None:
    key, text = override.key_or_group, without_password(str(override.input_line))
    if override.is_interval_sweep():
        what = f"{text} names a range without steps, which needs a sampler"
        return Fault(key, what, f"name the values: {key}=range(START,STOP,STEP), or {key}=a,b,c")
    if key == "action" or key in FREE_HYDRA_KEYS:
        return Fault(key, "is the same for all jobs of a sweep", f"give one value instead of {text}")
    if getattr(override.value(), "shuffle", False):
        return Fault(key, f"{text} asks for a random order, but jobs run in the order typed", "leave shuffle out")
    if key in found.sizes:
        return Fault(key, "names several values in two words", f"put them in one: {key}=a,b,c")
    return None


def _values(override: Override, repository: Repository, found: Expansion) -> list[str]:
    """Return the values as they can be typed, each once."""
    key, text = override.key_or_group, without_password(str(override.input_line))
    try:
        values = list(islice(_enumerated(override, repository), MOST + 1))
    except (HydraException, ValueError, ArithmeticError) as error:
        found.faults.append(Fault(key, f"{text} cannot be read: {error}", _FORMS))
        return []
    if not values:
        found.faults.append(Fault(key, f"{text} names no value", _FORMS))
    for value in dict.fromkeys(value for value in values if values.count(value) > 1):
        found.notes.append(f"{without_password(f'{key}={value}')} is named {values.count(value)} times and runs once")
    return list(dict.fromkeys(values))


def _enumerated(override: Override, repository: Repository) -> Iterator[str]:
    value: Any = override.value()
    if isinstance(value, Glob):
        yield from value.filter(repository.get_group_options(override.key_or_group))
    elif isinstance(value, RangeSweep):
        yield from _range(value)
    else:
        yield from map(str, override.sweep_iterator(transformer=_typed))


def _typed(value: Any) -> str:
    """Return a value as a person would type it; with Hydra's escapes only where it would be read otherwise."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        again = parsed(f"key={value}")
        if again is not None and not again.is_sweep_override() and again.value() == value:
            return value
    return str(Transformer.str(value))


def _range(sweep: RangeSweep) -> Iterator[str]:
    """Yield the numbers as a person would write them: Hydra itself adds up binary fractions, 0.30000000000000004."""
    whole = all(isinstance(number, int) for number in (sweep.start, sweep.stop, sweep.step))
    now, stop, step = (Decimal(str(number)) for number in (sweep.start, sweep.stop, sweep.step))
    if not step:
        raise ValueError("the step is 0")
    while now < stop if step > 0 else now > stop:
        yield str(int(now)) if whole else str(float(now))
        now += step


def _affordable(places: list[Any], found: Expansion) -> list[Any]:
    """Return the words' values; only the first of each where all combinations would be too many."""
    count = prod(len(values) for values in places)
    if count <= MOST:
        return places
    sizes = ", ".join(f"{key} {size}{'+' if size > MOST else ''}" for key, size in found.sizes.items())
    what = f"{count:,}{' or more' if any(size > MOST for size in found.sizes.values()) else ''} jobs ({sizes})"
    found.faults.append(
        Fault("--multirun", f"{what} are too many for one sweep", f"at most {MOST:,}: name fewer values")
    )
    return [values[:1] for values in places]


def _job(combination: tuple[tuple[str, str | None, str], ...]) -> Words:
    return Words(
        [text for text, _key, _value in combination],
        {key: value for _text, key, value in combination if key is not None},
    )
