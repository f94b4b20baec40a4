"""Headers by which a browser treats an answer as what it is; made once, as they go with every answer."""

import re
from base64 import b64encode
from hashlib import sha256

Headers = tuple[tuple[bytes, bytes], ...]

ANSWER: Headers = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
"""Of every answer: it is of the type that it says, and nobody keeps a copy."""

_INLINE = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)
_RULES = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page(html: str) -> Headers:
    """Return what a page of ours has beside these: only its own style and script run, and it asks this service alone.

    These are known by their hashes: whatever else came into the page, by a name in the data say, is not run. What comes
    from data is escaped, so that nothing in it ends or begins a style or a script.
    """
    found = {kind: [one[1] for one in _INLINE.findall(html) if one[0] == kind] for kind in ("style", "script")}
    sources = "".join(f"; {kind}-src {' '.join(map(_source, texts))}" for kind, texts in found.items() if texts)
    return (
        (b"content-security-policy", f"{_RULES}{sources}".encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
    )


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
