"""The first-party files that the service is made of, found by following its imports and templates, and their hash."""

from pathlib import Path

from ml.source_code.imports import Sources
from schemas.home import ROOT, Home
from serving.process import requirements

LOCK = requirements.FILE
ENTRIES = ("serving.service", "serving.process.supervisor", "serving.process.watchdog")


def files() -> list[Path]:
    """Return the modules that the service starts with, all that these import and the templates, relative to ROOT."""
    return Sources(ROOT).files(ENTRIES)


def code_hash(home: Path) -> str:
    """Return a hash over the service's code and the lock file; when it differs, a running service is outdated.

    Comments and docstrings are not in it. The service shows some docstrings as descriptions, in its OpenAPI document:
    a changed one is seen where a new version of the code or the package starts another service.

    Args:
        home: DRIVETRAIN_HOME, where parsed source is kept.
    """
    sources = Sources.of_this_program(Home(home))
    lock = [Path(LOCK)] if (ROOT / LOCK).is_file() else []
    digest = sources.digest([*sources.files(ENTRIES), *lock])
    sources.save()
    return digest
