"""The machine of a Vertex custom job: its type, its accelerators, its disk."""

from schemas.errors import Fault, did_you_mean
from schemas.stack import StackSpec
from stacks.checks.clouds.declared import Declared
from stacks.checks.clouds.gcp_machines import accelerators, attachable, built_in, catalog
from stacks.checks.clouds.machines import asked_too_much

_KEYS = (
    "accelerator_type",
    "accelerator_count",
    "machine_type",
    "boot_disk_size_gb",
    "boot_disk_type",
    "persistent_resource_id",
    "service_account",
    "additional_training_job_args",
)
_DISKS = ("pd-ssd", "pd-standard", "hyperdisk-balanced")
_MOST = 64
"""More accelerators than any machine can have."""
_DEFAULT = "n1-standard-4"  # ZenML's


def job_faults(spec: StackSpec, orchestrator: Declared) -> list[Fault]:
    """Return what Vertex would refuse of `custom_job_parameters`, whose unknown keys ZenML passes over."""
    job = orchestrator.inside("custom_job_parameters")
    if not job.values:
        return []
    found = [
        job.fault(
            name, f"a custom job has no such setting.{did_you_mean(name, list(_KEYS))}", f"allowed: {', '.join(_KEYS)}"
        )
        for name in job.values
        if name not in _KEYS
    ]
    name = job.text("machine_type") or _DEFAULT
    machines = catalog("Vertex")
    found += machines.faults(job.at("machine_type"), name, spec)
    found += _accelerator(spec, job, name)
    found += job.among("boot_disk_type", _DISKS, "disk of Vertex") + job.within("boot_disk_size_gb", 100, 64_000, "GB")
    machine = machines.machine(name, spec)
    if machine is not None:
        count = job.number("accelerator_count") or 0
        attached = int(count) if built_in(name) is None and 0 < count <= _MOST else 0
        has = machine.model_copy(update={"gpu_count": machine.gpu_count + attached})
        found += asked_too_much(spec, name, has, job.at("machine_type"))
    return found


def _accelerator(spec: StackSpec, job: Declared, machine_type: str) -> list[Fault]:
    name, count = job.text("accelerator_type"), job.number("accelerator_count") or 0
    own = built_in(machine_type)
    if name is None:
        return (
            [job.fault("accelerator_count", "of which accelerator is not declared", job.at("accelerator_type"))]
            if count
            else []
        )
    if name in spec.newer.accelerators or machine_type in spec.newer.machines:
        return []
    if name not in accelerators():
        what = f"Vertex has no accelerator {name!r}.{did_you_mean(name, list(accelerators()))}"
        return [job.fault("accelerator_type", what, f"known: {', '.join(accelerators())}")]
    allowed = {own[0]: [own[1]]} if own else attachable(machine_type)
    if name not in allowed:
        can = (
            f"it can have {', '.join(allowed)}"
            if allowed
            else "no accelerator can be attached to it: choose n1, a2, a3 or g2"
        )
        return [job.fault("accelerator_type", f"{machine_type} has no {name}", can)]
    if count in allowed[name]:
        return []
    return [
        job.fault(
            "accelerator_count", f"{machine_type} cannot have {count:g} of {name}", f"it may have {allowed[name]}"
        )
    ]
