"""Names and quantities as Kubernetes takes them.

Source: RFC 1123, and the Kubernetes documentation on object names, labels, and resource units (November 2026).
"""

import re
from decimal import Decimal

LABEL = r"[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?"
"""A name of RFC 1123: a namespace, a volume, a container."""

_PART = r"[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
SUBDOMAIN = rf"(?=.{{1,253}}$){_PART}(\.{_PART})*"
"""Names joined by dots, 253 signs in all: a service account, a secret."""

LABEL_VALUE = r"([A-Za-z0-9]([A-Za-z0-9_.\-]{0,61}[A-Za-z0-9])?)?"
QUALIFIED = rf"((?=[^/]{{1,253}}/){_PART}(\.{_PART})*/)?[A-Za-z0-9]([A-Za-z0-9_.\-]{{0,61}}[A-Za-z0-9])?"
"""The key of a label, an annotation or a node selector."""

VARIABLE = r"[A-Za-z_.\-][A-Za-z0-9_.\-]*"
_QUANTITY = re.compile(
    r"(?P<number>[+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+))(?P<unit>n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+\-]?[0-9]+)?"
)
_UNITS = {"n": "1e-9", "u": "1e-6", "m": "1e-3", "": "1"}
_UNITS |= {"k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15", "E": "1e18"}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def quantity(text: str) -> Decimal | None:
    """Return a quantity (`500m`, `4Gi`, `+2`, `-1`); None where it is none."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    number, unit = Decimal(found["number"]), found["unit"] or ""
    try:
        if unit in _BINARY:
            return number * Decimal(1024) ** _BINARY[unit]
        return number * Decimal(_UNITS.get(unit) or f"1{unit}")
    except ArithmeticError:  # an exponent that no decimal number has
        return None


def amount(text: str) -> Decimal | None:
    """Return a quantity of what there is, 0 or more of it; None where it is none, or below 0."""
    found = quantity(text)
    return None if found is None or found < 0 else found
