"""The bodies of the protocol, as pydantic models: they describe, and nothing is read or checked with them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from schemas.base import Strict

Datatype = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"
]
Length = Annotated[int, Field(ge=0)]


class InferInput(Strict):
    """The tensor of one column: the first axis is the rows. `data` is flat or nested; bytes follow the JSON."""

    name: str
    shape: list[Length] = Field(min_length=1, max_length=9)
    datatype: Datatype
    parameters: dict[str, Any] = Field(default_factory=dict, description="binary_data_size in place of data")
    data: list[Any] = Field(default_factory=list)


class InferWanted(Strict):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = Field(default_factory=dict, description="binary_data: whether as bytes")


class InferRequest(Strict):
    """A tensor for each column, all of as many rows."""

    id: str | None = Field(default=None, max_length=1_000)
    model_name: Any = None
    model_version: Any = None
    parameters: dict[str, Any] = Field(default_factory=dict, description="binary_data_output: all outputs as bytes")
    inputs: list[InferInput] = Field(min_length=1)
    outputs: list[InferWanted] = Field(default_factory=list, description="none: all of them")


class InferOutput(BaseModel):
    """The tensor of one output; of one that is sent as bytes `parameters` has `binary_data_size`, and no data."""

    name: str
    datatype: Datatype
    shape: list[int]
    parameters: dict[str, Any] = Field(default_factory=dict)
    data: list[Any] = Field(default_factory=list)


class InferResponse(BaseModel):
    """A tensor for each output. `id` is the client's, else ours, which `parameters` has as `request_id`."""

    model_name: str
    model_version: str
    id: str
    parameters: dict[str, Any]
    outputs: list[InferOutput]


class TensorMetadata(BaseModel):
    """One tensor; -1 is an axis of any length. `classes` are those of probabilities, in order."""

    name: str
    datatype: Datatype
    shape: list[int]
    parameters: dict[str, list[str]] = Field(default_factory=dict)  # absent of all other outputs


class ModelMetadata(BaseModel):
    """The model, its versions that answer here, and its tensors."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerMetadata(BaseModel):
    """The server."""

    name: str
    version: str
    extensions: list[str]


class Live(BaseModel):
    """It lives."""

    live: bool


class ServerReady(BaseModel):
    """It answers."""

    ready: bool


class ModelReady(BaseModel):
    """The model answers."""

    name: str
    ready: bool


class ProtocolError(BaseModel):
    """Why there is no answer."""

    error: str
