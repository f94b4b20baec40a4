"""What the service is compared with on the hot path: the same scikit-learn model behind FastAPI, and bare Starlette."""

import os
from typing import Any

import numpy as np
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Rows = list[dict[str, float]]


def sync() -> FastAPI:
    """Return FastAPI with a plain function, as its documentation shows it: it runs in a thread."""
    app, model = FastAPI(), _model()

    @app.post("/predict")
    def predict(instances: dict[str, Rows]) -> list[dict[str, float]]:
        return _answers(model.predict_proba([list(row.values()) for row in instances["instances"]]))

    return app


def asynchronous() -> FastAPI:
    """Return FastAPI with a coroutine: it runs on the event loop."""
    app, model = FastAPI(), _model()

    @app.post("/predict")
    async def predict(instances: dict[str, Rows]) -> list[dict[str, float]]:
        return _answers(model.predict_proba([list(row.values()) for row in instances["instances"]]))

    return app


def bare() -> Starlette:
    """Return Starlette with onnxruntime, without validation and without a journal."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.environ["BARE_MODEL"], options, providers=["CPUExecutionProvider"])
    name, outputs = session.get_inputs()[0].name, [session.get_outputs()[1].name]

    async def predict(request: Request) -> JSONResponse:
        rows = (await request.json())["instances"]
        features = np.array([list(row.values()) for row in rows], dtype=np.float32)
        return JSONResponse(_answers(session.run(outputs, {name: features})[0]))

    return Starlette(routes=[Route("/predict", predict, methods=["POST"])])


def _model() -> Any:
    import skops.io

    return skops.io.load(os.environ["PLAIN_MODEL"])


def _answers(probabilities: Any) -> list[dict[str, float]]:
    return [{"label": float(row.argmax()), "probability": float(row.max())} for row in probabilities]
