"""Logins in addresses that name no scheme, as registries and stores have them: `USER:PASSWORD@HOST/PATH`."""

import re

_ADDRESS = re.compile(r"(?:^|_)(?:uri|url|path|host|address|endpoint|repository|resource|root)$")
# A scheme and a port end with a colon too, and the digest of an image stands behind an @.
_LOGIN = re.compile(r"(?://)?[^/@:\s]*:(?!//|\d{1,5}/)\S*@(?!sha\d+:)")


def holds_login(name: str, text: str) -> bool:
    """Say whether a setting is an address with a login in it; a `uri`, of a registry, has no user either."""
    return bool(_ADDRESS.search(name) and _LOGIN.match(text)) or (name == "uri" and "@" in text)


def without_login(name: str, text: str) -> str:
    """Return the text of any setting as it may be shown: without the login that it begins with."""
    if name == "uri" and "@" in text:
        return f"…@{text.rpartition('@')[2]}"
    return _LOGIN.sub("…@", text, count=1) if _LOGIN.match(text) else text
