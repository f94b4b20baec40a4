"""What an environment for a service needs: the parts of `serving.lock` for the runtime of its package."""

from collections.abc import Iterator

from schemas.home import ROOT

FILE = "serving.lock"
HEADING = "# for packages of: "
EVERY = "every runtime"


def of_runtime(runtime: str) -> str | None:
    """Return the locked requirements, with their hashes, None where there is no lock file."""
    file = ROOT / FILE
    return "\n".join(_parts(file.read_text(encoding="utf-8"), runtime)) + "\n" if file.is_file() else None


def _parts(lock: str, runtime: str) -> Iterator[str]:
    for part in lock.split(HEADING)[1:]:
        runtimes, _, entries = part.partition("\n")
        if runtimes == EVERY or runtime in runtimes.split(", "):
            yield entries.strip()
