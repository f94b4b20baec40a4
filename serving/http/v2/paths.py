"""Which model and version a path names."""

from starlette.types import Scope

from serving.http.errors import HttpError
from serving.http.path_names import MODEL, VERSION
from serving.http.v2.faults import quoted
from serving.releases.follower import Follower
from serving.releases.loaded_version import Version

MODELS = f"/v2/models/{{{MODEL}}}"
VERSIONS = f"{MODELS}/versions/{{{VERSION}}}"


def require_model(scope: Scope, model: str) -> None:
    """Raise HttpError, 404, where the path names another model."""
    asked = scope.get("path_params", {}).get(MODEL, model)
    if asked != model:
        raise HttpError(404, f"there is no model {quoted(asked)} here, but {model!r}", reason="another model is named")


def pinned(scope: Scope, follower: Follower) -> Version | None:
    """Return the version that a path names, None where it names none. Raises HttpError, 404, if it is not loaded."""
    name = scope.get("path_params", {}).get(VERSION)
    if name is None:
        return None
    loaded = follower.loaded()
    found = next((one for one in loaded if one.version == name), None)
    if found is None:
        names = ", ".join(dict.fromkeys(one.version for one in loaded)) or "none"
        raise HttpError(
            404, f"version {quoted(name)} is not loaded; loaded: {names}", reason="no such version is loaded"
        )
    return found
