"""A package fetched, verified, loaded and asked for its sample rows, in a process of its own.

A package may loop for ever, take all memory, or crash the library that loads it: here it harms nobody. The parent ends
this process when a limit is passed; it ends by itself when its parent is gone. The lines of its output are JSON:
first what the package needs, which the parent imports meanwhile, and last how it went.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml.io.processes import end_with_parent
from schemas.errors import PackageError

_SPARE = 64 << 20  # bytes of a file that is written, beyond those of a package


def main(request: dict[str, str | int], say: Callable[[dict[str, Any]], None] | None = None) -> dict[str, str]:
    """Try a package; return where its copy is, or what is wrong with it; `say` takes its runtime and its libraries."""
    from ml.package.reference import require_profile
    from ml.package.storage import REFERENCE, read, read_manifest
    from serving.releases.loaded_version import load
    from serving.releases.package_cache import fetch

    try:
        cache, most = Path(str(request["cache"])), int(request["max_package"])
        url, version = str(request["package_url"]), str(request["version"])
        root = fetch(url, version, cache, most)
        if say is not None:
            manifest = read_manifest(root)
            say({"runtime": manifest.runtime, "libraries": sorted(manifest.libraries)})
        model = load(version, url, root).model  # warmed by single rows, as the worker will
        model.check_samples()
        if REFERENCE in model.manifest.files:
            require_profile(read(root, model.manifest, REFERENCE), model.signature)
        return {"root": str(root)}
    except PackageError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "it takes more memory than there is"}
    except Exception as error:  # whatever a library makes of bytes that it was not written for
        return {"error": f"it cannot be loaded: {type(error).__name__}: {error}"}


def _bind_to(parent: int, seconds: float, most: int) -> None:
    """End with the parent, and in any case a while after it should have ended us."""
    end_with_parent(parent)
    signal.alarm(int(seconds) + 10)  # its default action is the kernel's: no code that hangs can hold it up
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    largest = most + _SPARE
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(f"\n{json.dumps(what)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asked = json.loads(sys.stdin.buffer.readline())
    _bind_to(asked["parent"], asked["seconds"], asked["max_package"])
    _say(main(asked, _say))
    os._exit(0)  # what a library would do at its end is nothing that we need
