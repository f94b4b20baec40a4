"""What SkyPilot, or the cloud that it takes machines from, would refuse."""

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.errors import Fault, did_you_mean, listed
from schemas.stack import Machine, StackSpec
from stacks.checks.clouds import aws, aws_machines, gcp_machines
from stacks.checks.clouds.declared import Declared, declared
from stacks.checks.clouds.machines import Catalog, asked_too_much, in_gib, region_faults

_AMOUNT = r"[0-9]+(\.[0-9]+)?\+?"
_MOST, _SHOWN = 1_000_000, 40
"""More cores, GiB and GPUs than any machine has; and how much of what is declared messages quote."""
_CLUSTER = r"[a-zA-Z]([\-_.a-zA-Z0-9]*[a-zA-Z0-9])?"
_NOT_ON_LAMBDA = ("use_spot", "job_recovery", "image_id")
_GPUS = {
    "aws": "A100 A100-80GB A10G B200 B300 H100 H200 K80 L4 L40S M60 T4 T4g V100 V100-32GB",
    "gcp": "A100 A100-80GB B200 H100 H100-MEGA H200 K80 L4 P100 P4 T4 V100",
}
"""By cloud, as SkyPilot names them, November 2026."""


@dataclass(frozen=True)
class Cloud:
    """What there is to be had of one cloud, and what SkyPilot calls it."""

    name: str
    regions: list[str]
    catalog: Catalog
    accelerators: list[str]


@cache
def _lambda() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(__file__).with_name("lambda.json").read_text(encoding="utf-8"))
    return read


@cache
def cloud_of(flavor: str) -> Cloud | None:
    """Return what is known of the cloud of a SkyPilot orchestrator; None for one that we have no lists of."""
    if flavor == "vm_aws":
        return Cloud("aws", aws.regions(), aws_machines.ec2(), _GPUS["aws"].split())
    if flavor == "vm_gcp":
        return Cloud("gcp", gcp_machines.regions(), gcp_machines.catalog("Compute Engine"), _GPUS["gcp"].split())
    if flavor == "vm_lambda":
        machines: dict[str, Machine | None] = {
            name: Machine(cpu_count=cores, memory=in_gib(memory), gpu_count=count)
            for name, (cores, memory, _, count) in _lambda()["machines"].items()
        }
        gpus = sorted({name for _, _, name, _ in _lambda()["machines"].values() if name})
        return Cloud("lambda", _lambda()["regions"], Catalog("Lambda", machines), gpus)
    return None


def faults(spec: StackSpec) -> list[Fault]:
    """Return what SkyPilot or its cloud would refuse of the orchestrator."""
    place = declared(spec, "orchestrator")
    cloud = cloud_of(place.flavor)
    if cloud is None:
        return []
    found = _where(spec, place, cloud) + _machine(spec, place, cloud) + _bounds(place)
    if cloud.name == "lambda":
        found += [
            place.fault(name, "Lambda has no such thing", "leave it out")
            for name in _NOT_ON_LAMBDA
            if place.values.get(name) not in (None, False)
        ]
    return found


def _where(spec: StackSpec, place: Declared, cloud: Cloud) -> list[Fault]:
    found: list[Fault] = []
    region, zone, infra = place.text("region"), place.text("zone"), place.text("infra")
    if infra is not None:
        named, _, rest = infra.partition("/")
        if named != cloud.name:
            found.append(
                place.fault("infra", f"{infra!r} is of {named!r}, and flavor {place.flavor!r} of {cloud.name!r}")
            )
        elif rest and rest != "*":
            found += region_faults(place.at("infra"), rest.partition("/")[0], cloud.regions, spec, cloud.name)
    if region is not None:
        found += region_faults(place.at("region"), region, cloud.regions, spec, cloud.name)
    if zone is not None:
        found += _zone(spec, place, cloud, zone, region)
    return found


def _zone(spec: StackSpec, place: Declared, cloud: Cloud, zone: str, region: str | None) -> list[Fault]:
    """A zone is its region and a letter: eu-central-1a on AWS, europe-west4-b on Google Cloud."""
    of = zone.rpartition("-")[0] if cloud.name == "gcp" else zone[:-1]
    if region is not None and of != region:
        return [place.fault("zone", f"{zone!r} is no zone of region {region!r}")]
    return region_faults(place.at("zone"), of, cloud.regions, spec, cloud.name) if region is None else []


def _machine(spec: StackSpec, place: Declared, cloud: Cloud) -> list[Fault]:
    amounts, found = _amounts(place)
    accelerators, wrong = _accelerators(spec, place, cloud)
    found += wrong
    name = place.text("instance_type")
    path = place.at("instance_type")
    if name is not None:
        found += cloud.catalog.faults(path, name, spec)
    machine = cloud.catalog.machine(name, spec)
    if name is None or (machine is not None and cloud.name == "gcp" and name.startswith("n1-")):
        # Where no type is named, what is asked for is what the machine has; GPUs are attached to n1.
        machine = (machine or amounts).model_copy(update={"gpu_count": accelerators})
        return found + asked_too_much(spec, name or "what is declared", machine, place.at("accelerators"))
    if machine is None:
        return found
    if accelerators and accelerators > machine.gpu_count:
        has = machine.gpu_count or "none"
        found.append(place.fault("accelerators", f"asks for {accelerators} GPUs, and {name} has {has}", path))
    return found + asked_too_much(spec, name, machine, path)


def _amounts(place: Declared) -> tuple[Machine, list[Fault]]:
    """Return what `cpus` and `memory` promise, and which of them is no amount; `8+` promises no bound."""
    exact: dict[str, float] = {}
    found: list[Fault] = []
    for name in ("cpus", "memory"):
        given = place.number(name) if place.text(name) is None else place.text(name)
        if given is None:
            continue
        amount = float(str(given).removesuffix("+")) if re.fullmatch(_AMOUNT, str(given)) else math.nan
        amount = float(given) if isinstance(given, int | float) else amount
        if not 0 < amount <= _MOST:
            hint = f"8, or 8+ for at least 8; more than 0, at most {_MOST:,}"
            found.append(place.fault(name, f"{str(given)[:_SHOWN]!r} is no amount of {name}", hint))
        elif not str(given).endswith("+"):
            exact[name] = amount
    memory = in_gib(exact["memory"]) if "memory" in exact else None
    return Machine(cpu_count=exact.get("cpus"), memory=memory), found


def _accelerators(spec: StackSpec, place: Declared, cloud: Cloud) -> tuple[int, list[Fault]]:
    """Return how many accelerators are asked for, and what is wrong with how."""
    given = place.values.get("accelerators")
    if isinstance(given, str):
        name, _, count = given.partition(":")
        if not re.fullmatch(r"[1-9][0-9]{0,5}|", count):
            return 0, [_miscounted(place, count)]
        return int(count or 1), _known(spec, place, cloud, name)
    if isinstance(given, dict) and all(isinstance(count, int) for count in given.values()):
        wrong = [_miscounted(place, count) for count in given.values() if not 0 < count <= _MOST]
        wrong += [fault for name in given for fault in _known(spec, place, cloud, name)]
        return sum(count for count in given.values() if 0 < count <= _MOST), wrong
    return 0, []


def _miscounted(place: Declared, count: object) -> Fault:
    return place.fault("accelerators", f"{str(count)[:_SHOWN]!r} is no number of accelerators", "A100:1")


def _known(spec: StackSpec, place: Declared, cloud: Cloud, name: str) -> list[Fault]:
    known = [*cloud.accelerators, *spec.newer.accelerators]
    if name.casefold() in {other.casefold() for other in known} or name.startswith("tpu-"):
        return []
    hint = f"known: {listed(known)}; one newer than our lists is declared by stack.newer.accelerators=[{name}]"
    return [place.fault("accelerators", f"{cloud.name} has no accelerator {name!r}.{did_you_mean(name, known)}", hint)]


def _bounds(place: Declared) -> list[Fault]:
    found = place.within("disk_size", 10, 65_536, "GB") + place.within("num_nodes", 1, 1000, "machines")
    found += place.within("idle_minutes_to_autostop", -1, 10_080, "minutes")
    found += place.matching(
        "cluster_name", _CLUSTER, "name of a cluster", "letters, digits, - _ and ., beginning with a letter"
    )
    given = place.values.get("ports")
    ports = given if isinstance(given, list) else [] if given is None else [given]
    return found + [
        place.fault("ports", f"{port} is no port", "8080, or 8080-8090") for port in ports if not _is_port(port)
    ]


def _is_port(port: Any) -> bool:
    ends = str(port)[:_SHOWN].split("-")
    return len(ends) <= 2 and all(re.fullmatch(r"[0-9]{1,5}", end) and 1 <= int(end) <= 65535 for end in ends)
