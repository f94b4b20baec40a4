"""Check `max_size`: the package must not be larger than a number of MiB."""

from typing import ClassVar

from pydantic import BaseModel, Field

from ml.components.gate_check import Evidence, GateCheck
from ml.gate.outcomes import outcome
from schemas.base import Strict
from schemas.evaluation import CheckOutcome

_MEBIBYTE = 1 << 20


class SizeParams(Strict):
    """The largest package allowed, in MiB."""

    mib: float = Field(gt=0, description="the largest size, in MiB")


class MaxSize(GateCheck):
    """The package must not be larger than a number of MiB."""

    Params: ClassVar[type[BaseModel]] = SizeParams
    params: SizeParams

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome."""
        size, most = evidence.size_bytes / _MEBIBYTE, self.params.mib
        why = f"the package has {size:.3g} MiB, {'within' if size <= most else 'more than'} the {most:g} MiB allowed"
        return [outcome("max_size", size, most, size <= most, why)]
