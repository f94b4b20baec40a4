"""The version of this program."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from schemas.home import ROOT


@cache
def own_version() -> str:
    """Return it, of what is installed, or of the repository; a Bento's copy of the code has none and says so."""
    try:
        return version("drivetrain")
    except PackageNotFoundError:
        import tomllib

        file = ROOT / "pyproject.toml"
        return str(tomllib.loads(file.read_text())["project"]["version"]) if file.exists() else "unknown"
