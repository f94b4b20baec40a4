"""What the steps of a local orchestrator ask of this machine."""

from pathlib import Path

from schemas.errors import Fault
from schemas.stack import StackSpec

_DEVICES = Path("/dev")


def faults(spec: StackSpec) -> list[Fault]:
    """Return the steps that ask for more GPUs than this machine has, where they run on it.

    Cores and memory are not given out by a local orchestrator: steps take what there is.
    """
    if spec.orchestrator.flavor != "local":
        return []
    gpus = len(list(_DEVICES.glob("nvidia[0-9]*")))
    has = str(gpus) if gpus else "none"
    return [
        Fault(
            f"stack.resources.{step}.gpu_count",
            f"asks for {need.gpu_count} GPUs, and this machine has {has}, on which the stack's steps run",
            "a stack with GPUs, or fewer of them",
        )
        for step, need in spec.resources.items()
        if need.gpu_count and need.gpu_count > gpus
    ]
