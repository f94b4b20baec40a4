"""The first-party files that the service is made of, found by following its imports and templates, and their hash."""

from pathlib import Path

from ml.source_code.imports import Sources
from schemas.home import ROOT, Home

LOCK = "requirements.lock"
_ENTRY = "serving.service"


def files() -> list[Path]:
    """Return the service's module, all that it imports and the templates of these, relative to ROOT."""
    return Sources(ROOT).files([_ENTRY])


def code_hash(home: Path) -> str:
    """Return a hash over the service's code and the lock file; when it differs, a running service is outdated.

    Comments and docstrings are not in it. The service shows some docstrings as descriptions, in its OpenAPI document:
    a changed one is seen where a new version of the code or the package starts another service.

    Args:
        home: DRIVETRAIN_HOME, where parsed source is kept.
    """
    sources = Sources.of_this_program(Home(home))
    lock = [Path(LOCK)] if (ROOT / LOCK).is_file() else []
    digest = sources.digest([*sources.files([_ENTRY]), *lock])
    sources.save()
    return digest
