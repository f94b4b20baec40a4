"""A sample row of a package as a client writes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ml.values.text import is_time_of_day
from schemas.signature import Signature


def as_sent(signature: Signature, sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with times of day, which a cell holds with a date, in their own form."""
    forms = {item.name: item.format for item in signature.inputs if is_time_of_day(item.format)}
    return {
        name: datetime.fromisoformat(value).strftime(form) if (form := forms.get(name)) and value else value
        for name, value in sample.items()
    }
