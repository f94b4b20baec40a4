"""Whether an address is one that only this machine can reach."""

from urllib.parse import urlsplit


def is_of_this_machine(address: str) -> bool:
    """Say whether a path or a URL names a file or a database file of this machine: `a.csv`, `file:///a`, `sqlite:///a`.

    Of a chain of file systems (`zip://a.csv::s3://bucket/a.zip`) the last one is asked.
    """
    try:
        scheme = urlsplit(address.rpartition("::")[2]).scheme
    except ValueError:  # no host has such a name: `//[x`
        return "://" not in address
    return len(scheme) < 2 or scheme in ("file", "local") or scheme.startswith("sqlite")
