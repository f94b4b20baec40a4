"""A number that no machine has is a fault of its key, however odd it is, and never an error of Python's."""

import math
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.addresses import is_of_this_machine
from schemas.kubernetes_names import quantity
from schemas.stack import Machine, Resources
from stacks.checks.clouds.machines import gib
from stacks.ray import probe
from tests.stacks.checks.filled import filled, wrong

HUGE = 10**400
POD = "pod_settings.resources.limits"
MISTAKES: list[tuple[str, str, Any, str]] = [
    *(("skypilot_aws", "cpus", value, "no amount of cpus") for value in (-4, 0, math.inf, math.nan, HUGE, "0+", "1e3")),
    *(("skypilot_gcp", "memory", value, "no amount of memory") for value in (-5, math.inf, 1e300, "9" * 400, "-1")),
    ("skypilot_aws", "accelerators", {"A10G": -1}, "no number of accelerators"),
    ("skypilot_aws", "accelerators", f"A10G:{'9' * 5000}", "no number of accelerators"),
    ("skypilot_aws", "ports", "\N{SUPERSCRIPT TWO}", "no port"),
    ("skypilot_aws", "ports", "9" * 5000, "no port"),
    ("skypilot_aws", "disk_size", HUGE, "not between"),
    *(("kubernetes", f"{POD}.cpu", value, "no quantity") for value in ("1e9999999", "-1")),
    ("kubernetes", f"{POD}.nvidia:com/gpu", "1e99999999999999999999", "no quantity"),
    ("vertex", "custom_job_parameters.accelerator_count", math.inf, "of which accelerator"),
    ("vertex", "custom_job_parameters.boot_disk_size_gb", HUGE, "not between"),
]


@pytest.mark.parametrize(
    ("name", "key", "value", "says"), MISTAKES, ids=[f"{key}-{str(value)[:12]}" for _, key, value, _ in MISTAKES]
)
def test_an_odd_number_is_a_fault_of_its_key(name: str, key: str, value: Any, says: str) -> None:
    *folders, last = key.split(".")
    place = {last.replace(":", "."): value}
    for folder in reversed(folders[1:]):
        place = {folder: place}
    changes = {f"orchestrator.settings.{folders[0] if folders else key}": place if folders else value}
    found = wrong(filled(name, changes))
    at = f"stack.orchestrator.settings.{key.replace(':', '.')}"
    assert at in found, found
    assert says in found[at].message


@pytest.mark.parametrize("value", [4, 0.5, "4", "4+", "0.5", "1000000"])
def test_an_amount_that_a_machine_may_have_is_taken(value: Any) -> None:
    assert wrong(filled("skypilot_aws", {"orchestrator.settings.cpus": value})) == {}
    assert wrong(filled("skypilot_aws", {"orchestrator.settings.memory": value})) == {}


def test_a_quantity_of_any_size_is_read_or_none() -> None:
    assert quantity("1e9999999") is None and quantity("1e99999999999999999999") is None
    assert quantity("1e3") == 1000 and quantity("1e-9999999") == Decimal(0)


def test_a_memory_of_any_length_is_read() -> None:
    assert gib(f"{'9' * 5000}TiB") == math.inf


@pytest.mark.parametrize("amounts", [{"cpu_count": math.inf}, {"gpu_count": HUGE}, {"memory": f"{'9' * 400}GiB"}])
def test_resources_are_amounts_that_a_machine_may_have(amounts: dict[str, Any]) -> None:
    for model in (Resources, Machine):
        with pytest.raises(ValidationError):
            model.model_validate(amounts)


def test_an_address_that_is_none_is_no_error_of_pythons() -> None:
    with pytest.raises(probe.UnreachableError, match="an address is HOST:PORT"):
        probe.require_listener("host:\N{SUPERSCRIPT TWO}")
    with pytest.raises(probe.UnreachableError):
        probe.require_listener(f"127.0.0.1:{'9' * 5000}")
    assert is_of_this_machine("//[x") and not is_of_this_machine("s3://[bucket")
