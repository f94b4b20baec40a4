"""What the text of a URL shows, of a database or of a file; no library of either is needed."""

import re
from urllib.parse import unquote_plus

# What SQLAlchemy takes for a password, and the parameters in which drivers take one; a passfile is a file's name.
_LOGIN = re.compile(r"://[^:/]*:[^@]*@")
_PARAMETER = re.compile(r"[?&;][^=&;]*(?:pass(?!file)|pwd|secret|token)[^=&;]*=", re.IGNORECASE)

# The parameters of addresses that let in whoever has them, by the names that stores and services give them.
_SIGNED = re.compile(
    r"[?&;#](?:(?:sig|signature|sas|jwt|auth|password|passwd|pwd|secret|client[_-]secret|private[_-]key"
    r"|api[_-]?key|access[_-]?key|subscription-key|(?:access|auth|id|refresh|security|bearer)[_-]?token|token"
    r"|x-(?:amz|goog)-(?:signature|credential|security-token))=|key=AIza"
    # Names that say little: what stands there is as long as a secret, and neither a file nor a sentence.
    r"|(?:key|code|session(?:[_-]?id)?|authorization|credentials?)=[\w%+=~-]{20,}(?=[&;#\s\"']|$))",
    re.IGNORECASE,
)
# A user that is a token: by the beginnings that services give theirs, or as long and as mixed as chance makes it.
_TOKEN = re.compile(
    r"://(?:(?:gh[oprsu]_|github_pat_|glpat-|xox[abp]-|hf_|pypi-|sk-|AKIA)[\w-]{8,}"
    r"|(?=[^/@:?\s]*[0-9])(?=[^/@:?\s]*[a-z])(?=[^/@:?\s]*[A-Z])[\w.~%+=-]{20,})@"
)


def holds_password(url: str) -> bool:
    """Say whether a database URL holds a password."""
    quoted = "?" + unquote_plus(url.partition("?")[2])  # an ODBC connection string stands in one parameter
    return any(form.search(text) for form, text in ((_LOGIN, url), (_PARAMETER, url), (_PARAMETER, quoted)))


def holds_token(text: str) -> bool:
    """Say whether an address holds a token or a signature that lets in whoever has it."""
    return "://" in text and bool(_SIGNED.search(text) or _TOKEN.search(text))
