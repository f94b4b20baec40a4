"""What the protocol tells of the model and of its versions, and whether they answer."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from serving.http.endpoint import Context, Page, Reply
from serving.http.health import require_ready
from serving.http.v2 import models
from serving.http.v2.input_forms import forms_of, metadata
from serving.http.v2.outputs import Outputs
from serving.http.v2.paths import MODELS, VERSIONS, pinned, require_model
from serving.http.v2.replies import NOT_FOUND, NOT_READY, in_protocol
from serving.releases.loaded_version import Version


class ModelReady(Page):
    """The model answers."""

    path = f"{MODELS}/ready"
    summary = "The model answers (Open Inference Protocol v2)."
    replies = {**in_protocol(NOT_READY | NOT_FOUND), 200: Reply(summary, models.ModelReady)}

    async def respond(self, request: Request) -> Response:
        """Return that it does, or 503 and the reason."""
        _chosen(self._context, request)
        return JSONResponse({"name": self._context.settings.model, "ready": True})


class VersionReady(ModelReady):
    """One version answers."""

    path = f"{VERSIONS}/ready"
    summary = "A version is loaded and answers (Open Inference Protocol v2)."


class ModelMetadata(Page):
    """What the model takes and gives."""

    path = MODELS
    summary = "The tensors of the model, and its versions (Open Inference Protocol v2)."
    replies = {**in_protocol(NOT_READY | NOT_FOUND), 200: Reply(summary, models.ModelMetadata)}

    async def respond(self, request: Request) -> Response:
        """Return the tensors of the version in production, or of the one that is named."""
        chosen, follower = _chosen(self._context, request), self._context.follower
        runtime = chosen.model.manifest.runtime
        return JSONResponse(
            {
                "name": self._context.settings.model,
                "versions": list(dict.fromkeys(one.version for one in follower.loaded())),
                "platform": f"drivetrain_{runtime}",
                "inputs": metadata(forms_of(chosen.model.signature)),
                "outputs": Outputs(chosen).metadata(),
            }
        )


class VersionMetadata(ModelMetadata):
    """What one version takes and gives."""

    path = VERSIONS
    summary = "The tensors of one version (Open Inference Protocol v2)."


def _chosen(context: Context, request: Request) -> Version:
    """Return the version that is asked for. Raises HttpError, 404 or 503."""
    require_model(request.scope, context.settings.model)
    current = require_ready(context, request)
    return pinned(request.scope, context.follower) or current
