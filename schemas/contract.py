"""The version of the contract between this program and the packages that add to it, and who was made for which.

A package names the version that it was made for as an entry point: group `drivetrain.contract`, the version as the
name, the package's own module as the value. Within one major version newer ones only add:
1.1 added inputs that are arrays.
"""

import re
from importlib.metadata import Distribution

from schemas.errors import Fault

GROUP = "drivetrain.contract"
CONTRACT = (1, 1)
_NUMBER = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


def version_text() -> str:
    """Return this program's version of the contract, `1.0`."""
    return ".".join(map(str, CONTRACT))


def contract_mismatch(distribution: Distribution | None) -> Fault | None:
    """Return why an installed package cannot be used, None where it was made for a version that this program has."""
    entries = () if distribution is None else distribution.entry_points
    declared = [entry.name for entry in entries if entry.group == GROUP]
    if len(declared) != 1:
        what = (
            "does not say for which version of the contract it was made" if not declared else "names several versions"
        )
        return Fault("", what, f'[project.entry-points."{GROUP}"]  "{version_text()}" = "ITS_MODULE"')
    number = _NUMBER.fullmatch(declared[0])
    if number is None:
        return Fault("", f"was made for version {declared[0]!r} of the contract, which is no version such as 1.0")
    made_for = (int(number[1]), int(number[2]))
    if made_for[0] == CONTRACT[0] and made_for[1] <= CONTRACT[1]:
        return None
    text = f"was made for version {declared[0]} of the contract, and this program has {version_text()}"
    newer = made_for > CONTRACT
    return Fault(
        "", text, "install a newer Drivetrain, or an earlier release of the package" if newer else "update the package"
    )
