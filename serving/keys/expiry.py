"""When a key ends, as it is said on the command line."""

import re
from datetime import UTC, date, datetime, timedelta

_SPAN = re.compile(r"([1-9][0-9]{0,5})([hd])")


def moment(text: str, now: datetime) -> datetime:
    """Return the moment that a date (`2027-01-31`: until its end, in UTC) or a span from now on (`90d`, `12h`) names.

    Raises:
        ValueError: If it is neither, or the moment is not to come; the text says which.
    """
    span = _SPAN.fullmatch(text)
    try:
        if span is not None:
            ends = now + timedelta(**{"days" if span[2] == "d" else "hours": int(span[1])})
        else:
            ends = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is neither a date (2027-01-31) nor a span (90d, 12h)") from None
    if ends <= now:
        raise ValueError(f"{text!r} is over already")
    return ends
