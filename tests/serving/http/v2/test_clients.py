"""Clients that others wrote, unchanged: NVIDIA's tritonclient and KServe's, each in an environment of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import packages
from tests.serving.conftest import NAME, Live

pytestmark = [pytest.mark.stacks, pytest.mark.untraced, pytest.mark.timeout(900)]

TRITONCLIENT = "tritonclient[http]==2.73.0"  # it wants an ml-dtypes and a greenlet of before ours
KSERVE = "kserve==0.21.0"  # it wants a pandas of before ours

ASKS_AS_TRITON = """
import json, sys
import numpy as np
import tritonclient.http as client
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

url, model, columns = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
found = {}
with client.InferenceServerClient(url) as server:
    found["live"], found["ready"] = server.is_server_live(), server.is_server_ready()
    found["model"] = [server.is_model_ready(model), server.is_model_ready(model, "1"), server.is_model_ready("other")]
    found["server"] = server.get_server_metadata()
    metadata = found["metadata"] = server.get_model_metadata(model)
    types = {"FP64": np.float64, "BYTES": np.object_}
    arrays = {
        one["name"]: np.array(columns[one["name"]], dtype=types[one["datatype"]]) for one in metadata["inputs"]
    }
    for binary in (False, True):
        tensors = []
        for one in metadata["inputs"]:
            array = arrays[one["name"]] if binary else arrays[one["name"]][[0, 2]]  # it writes NaN, which JSON has not
            tensor = client.InferInput(one["name"], list(array.shape), one["datatype"])
            tensor.set_data_from_numpy(array, binary_data=binary)
            tensors.append(tensor)
        for wanted in (None, False, True):
            outputs = None if wanted is None else [
                client.InferRequestedOutput(name, binary_data=wanted) for name in ("label", "probabilities")
            ]
            result = server.infer(model, tensors, outputs=outputs, request_id="mine")
            answer = result.get_response()
            found.setdefault("answers", []).append({
                "label": [one.decode() if isinstance(one, bytes) else one for one in result.as_numpy("label")],
                "probabilities": result.as_numpy("probabilities").tolist(),
                "id": answer["id"], "version": answer["model_version"], "outputs": len(answer["outputs"]),
                "needs_review": None if wanted is not None else result.as_numpy("needs_review").tolist(),
            })
        future = server.async_infer(model, tensors, model_version="1")
        found["answers"].append({"label": [one.decode() for one in future.get_result().as_numpy("label")]})
    tensors[0].set_data_from_numpy(np.full_like(arrays["size"], np.nan))
    try:
        server.infer(model, tensors)
    except InferenceServerException as error:
        found["refused"] = [error.status(), error.message()]
print(json.dumps(found))
"""

ASKS_AS_KSERVE = """
import asyncio, json, sys
import numpy as np
from kserve import InferInput, InferRequest, InferenceRESTClient
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

url, model, columns = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
types = {"size": "FP64", "rooms": "FP64", "garden": "FP64", "city": "BYTES", "built": "BYTES"}


async def main():
    found = {"answers": []}
    server = InferenceRESTClient(RESTConfig(protocol="v2"))
    found["live"], found["ready"] = await server.is_server_live(url), await server.is_server_ready(url)
    found["model"] = await server.is_model_ready(url, model)
    for binary in (False, True):
        for wanted in (None, [RequestedOutput(name="label", parameters={"binary_data": binary})]):
            tensors = []
            for name, datatype in types.items():
                array = np.array(columns[name], dtype=np.object_ if datatype == "BYTES" else np.float64)
                tensor = InferInput(name, list(array.shape), datatype)
                tensor.set_data_from_numpy(array, binary_data=binary)
                tensors.append(tensor)
            request = InferRequest(model, tensors, request_outputs=wanted)
            response = await server.infer(url, request, model_name=model)
            (label,) = [one for one in response.outputs if one.name == "label"]
            texts = [one.decode() if isinstance(one, bytes) else one for one in label.as_numpy().tolist()]
            found["answers"].append({"label": texts, "outputs": len(response.outputs)})
    await server.close()
    print(json.dumps(found))


asyncio.run(main())
"""

COLUMNS: dict[str, list[Any]] = {
    "size": [1.0, 9.0, 5.5],
    "rooms": [1.0, float("nan"), 4.0],
    "garden": [1.0, float("nan"), 0.0],
    "city": ["Bern", "Genève", "Chur"],
    "built": ["1999-05-01", "", "2020-02-29T10:00:00"],
}
"""What `packages.CELLS` are as tensors."""


def answered_as(folder: Path, requirement: str, program: str, *words: str) -> Any:
    """Run a program in an environment of its own; return what it prints."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "numpy", requirement], check=True)
    done = subprocess.run([python, "-c", program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def by_predict(live: Live) -> list[dict[str, Any]]:
    rows = [dict(zip(packages.CELLS, row, strict=True)) for row in zip(*packages.CELLS.values(), strict=True)]
    found: list[dict[str, Any]] = httpx.post(f"{live.url}/predict", json={"instances": rows}).json()["predictions"]
    return found


def test_tritonclient_gets_metadata_readiness_and_predictions_by_json_and_bytes(live: Live, tmp_path: Path) -> None:
    address = live.url.removeprefix("http://")
    found = answered_as(tmp_path, TRITONCLIENT, ASKS_AS_TRITON, address, NAME, json.dumps(COLUMNS))
    expected = by_predict(live)
    assert (found["live"], found["ready"], found["model"]) == (True, True, [True, True, False])
    assert found["server"]["extensions"] == ["binary_tensor_data"]
    assert [one["name"] for one in found["metadata"]["inputs"]] == list(packages.CELLS)
    assert len(found["answers"]) == 8
    for answer in found["answers"]:
        mine = expected if len(answer["label"]) == 3 else [expected[0], expected[2]]
        assert answer["label"] == [one["label"] for one in mine]
        if "probabilities" in answer:
            assert answer["probabilities"] == [list(one["probabilities"].values()) for one in mine]
            assert (answer["id"], answer["version"]) == ("mine", "1")
    assert [one["outputs"] for one in found["answers"] if "outputs" in one] == [3, 2, 2, 3, 2, 2]
    status, message = found["refused"]
    assert status == "422" and "'size' is null" in message


def test_kserves_client_gets_readiness_and_predictions_by_json_and_bytes(live: Live, tmp_path: Path) -> None:
    found = answered_as(tmp_path, KSERVE, ASKS_AS_KSERVE, live.url, NAME, json.dumps(COLUMNS))
    labels = [one["label"] for one in by_predict(live)]
    assert (found["live"], found["ready"], found["model"]) == (True, True, True)
    assert [one["label"] for one in found["answers"]] == [labels] * 4
    assert [one["outputs"] for one in found["answers"]] == [3, 1, 3, 1]
