"""What must be installed and set where the command runs, compared with what is there."""

import os
import shlex
import shutil
from collections.abc import Iterator
from importlib import metadata
from importlib.metadata import PackageNotFoundError

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from schemas.plan import Missing
from schemas.secret import SecretRef
from schemas.stack import StackSpec
from stacks.plugins import flavor_sources

_ABSENT = "nothing of it is installed"
_BUILT_IN = ("local", "default")


def missing(spec: StackSpec) -> list[Missing]:
    """Return packages, programs and variables that a stack needs and that are not here."""
    return _packages(spec) + _programs(spec) + _variables(spec)


def client_packages(spec: StackSpec) -> list[str]:
    """Return the packages of a stack as pip takes them: those declared, then those of ZenML's flavors.

    Of several requirements on one package the first counts.
    """
    found: dict[str, str] = {}
    for text in [*spec.requires.packages, *_of_flavors(spec)]:
        found.setdefault(_name(text), text)
    return list(found.values())


def _of_flavors(spec: StackSpec) -> Iterator[str]:
    ours = flavor_sources()
    foreign = {
        (kind, part.flavor)
        for kind, part in spec.components.items()
        if part.flavor not in ours and part.flavor not in _BUILT_IN
    }
    if not foreign:
        return
    from zenml.integrations.registry import integration_registry

    for integration in integration_registry.integrations.values():
        flavors = [flavor() for flavor in integration.flavors()]
        if any((flavor.type.value, flavor.name) in foreign for flavor in flavors):
            yield from integration.get_requirements()


def _name(text: str) -> str:
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return text


def _packages(spec: StackSpec) -> list[Missing]:
    """Return one entry for all packages: one command installs them."""
    absent = [(text, why) for text in client_packages(spec) if (why := why_not_installed(text))]
    if not absent:
        return []
    install = f"python -m pip install {' '.join(shlex.quote(text) for text, _ in absent)}"
    what = f"not installed: {', '.join(f'{text} ({why})' if why != _ABSENT else text for text, why in absent)}"
    if spec.requires.apart:
        what = f"{what}. They need an environment of their own: {spec.requires.apart}"
    return [Missing(what=what, command=spec.requires.install or install)]


def why_not_installed(text: str) -> str:
    """Return why a requirement (PEP 508) is not met here, an empty text where it is or does not apply here.

    What an extra of the package asks for is looked at too, but not what that asks for in turn.
    """
    try:
        wanted = Requirement(text)
    except InvalidRequirement as error:
        return f"no requirement: {str(error).splitlines()[0]}"
    if wanted.marker is not None and not wanted.marker.evaluate():
        return ""
    try:
        there = metadata.distribution(wanted.name)
    except PackageNotFoundError:
        return _ABSENT
    if not wanted.specifier.contains(there.version, prereleases=True):
        return f"{there.version} is installed"
    absent = [one.name for one in _of_extras(wanted, there) if not _is_there(one)]
    return f"without its {', '.join(absent)}" if absent else ""


def _of_extras(wanted: Requirement, there: metadata.Distribution) -> Iterator[Requirement]:
    for text in there.requires or []:
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            continue
        if any(one.marker.evaluate({"extra": extra}) for extra in wanted.extras):
            yield one


def _is_there(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False


def _programs(spec: StackSpec) -> list[Missing]:
    return [
        Missing(what=f"the program {name} is not on the PATH", command=f"install {name}, or extend PATH")
        for name in spec.requires.programs
        if shutil.which(name) is None
    ]


def _variables(spec: StackSpec) -> list[Missing]:
    return [
        Missing(
            what=f"stack.environment.{name}: the environment variable {value.env} is not set",
            command=f"export {value.env}=…",
        )
        for name, value in spec.environment.items()
        if isinstance(value, SecretRef) and value.env is not None and not os.environ.get(value.env)
    ]
