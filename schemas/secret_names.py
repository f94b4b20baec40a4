"""Names of parameters and keys that hold what lets somebody in, told from those that only sound like it."""

import re

# Word parts that no harmless name holds, then whole words; a name is in lower case and its words are joined by one _.
_SECRET = re.compile(
    r"secret(?!ar)|passw|passphrase|passcode|passkey|pwd|signature|hmac|bearer|jwt|oauth|tempauth|token(?!iz)"
    r"|(?:api|access|account|client|private|shared|subscription|signing|master|admin|auth|license)_?key"
    r"|x_?(?:amz|goog|oss|cos|obs)_?credential"
    r"|(?:^|_)(?:[a-z]*sig\d*|sas|auth|psk|otp|rlkey|hdn(?:ts|ea|tl)"
    r"|(?:db|user|my|ssl|ssh|proxy|http|ftp|pg|sql|login)?pass)(?:$|_)"
)
# What the name of something about a secret ends with, or of the file that holds one.
_ABOUT = re.compile(
    r"(?:file|path|dir|type|source|uri|url|count|limit|name|version|method|algorithm|alg|mechanism|mode|expiry|expires"
    r"|expires_in|expiration|ttl|seconds|length|headers?|prefix|arn|class)$"
)
_COUNTED = re.compile(r"(?:tokens|passes|signatures|secrets|passwords)$")
_KEY, _AUTH = re.compile(r"key$"), re.compile(r"auth$")
_PAGE = re.compile(r"(?:^|_)(?:page|next|prev|previous|continuation|sync)_?token$")
_UNCLEAR = re.compile(
    r"(?:^|_)(?:key|code|sign|sid|session(?:_?id)?|jsessionid|authorization|credentials?|cookie|ticket|verify)$"
)
_WAY_IN = re.compile(
    r"(?:none|no_?sasl|sasl|plain|basic|digest|kerberos|gssapi|ldap|ntlm|custom|oauth2?|jwt)$", re.IGNORECASE
)
_NUMBERS = re.compile(r"[\d,.]+$")
_KEY_FILE = re.compile(r"[\w./~-]+\.(?:key|pem|p12|pfx|der|crt|jks)$", re.IGNORECASE)
_LONG = re.compile(r"[\w%+=~ -]{20,}$")  # as a secret is, and neither a file nor a sentence
_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


def names_secret(name: str, value: str) -> bool:
    """Say whether a parameter or a key holds a secret, by its name; the value tells a count or a file from one."""
    plain = _plain(name)
    if not _SECRET.search(plain) or _ABOUT.search(plain):
        return False
    if _PAGE.search(plain):  # the place in a list that goes on; a long one may let in as well
        return bool(_LONG.match(value))
    forms = ((_COUNTED, _NUMBERS), (_KEY, _KEY_FILE), (_AUTH, _WAY_IN))
    return not any(ending.search(plain) and form.match(value) for ending, form in forms)


def may_name_secret(name: str, value: str) -> bool:
    """Say the same of a parameter of an address, where a name that says little may hold a secret: it is long then."""
    unclear = _UNCLEAR.search(_plain(name)) and (_LONG.match(value) or value.startswith("AIza"))
    return bool(unclear) or names_secret(name, value)


def _plain(name: str) -> str:
    return _BETWEEN_WORDS.sub("_", _WORD_BEGINS.sub("_", name).lower()).strip("_")
