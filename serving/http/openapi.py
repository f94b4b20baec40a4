"""The OpenAPI document: every path, every status, and the columns of the current version."""

from typing import Any, get_args

from schemas.signature import Input, Signature
from serving.journal.labels import LabelStatus

Json = dict[str, Any]
_TYPES: dict[str, Json] = {
    "number": {"type": "number"},
    "boolean": {"type": ["boolean", "integer"], "enum": [True, False, 0, 1], "description": "0 is false, 1 true"},
    "category": {"type": ["string", "number", "boolean"]},
    "identifier": {"type": ["string", "number", "boolean"]},
    "date": {"type": "string", "format": "date-time", "description": "ISO 8601"},
}
_EXAMPLE_ID = "01981c5e-7a40-7c1e-8f0a-3d2b1c4e5f60"
_REFUSED = {
    "400": "Not strict JSON (NaN, a key twice, too deep, not UTF-8, empty), or not of the form of a request.",
    "405": "Another method than POST.",
    "408": "The body did not arrive within the deadline.",
    "413": "The body is over the limit; the connection is closed.",
    "415": "Not application/json, or compressed.",
    "429": "Too many requests are in work; Retry-After says when to come again.",
    "503": "No version is loaded yet, or the journal cannot be used; Retry-After says when to come again.",
    "504": "No answer within the deadline.",
}
_ERROR: Json = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_REFUSALS: Json = {status: {"description": text, "content": _ERROR} for status, text in _REFUSED.items()}
"""What predicting rows and taking a label share."""


def document(model: str, version: str | None, signature: Signature | None, sample: Json | None = None) -> Json:
    """Return the document; without a signature (nothing is loaded yet) rows are objects of anything."""
    not_ready = _response("Not ready; the message says why.", _ref("Error"))
    return {
        "openapi": "3.1.0",
        "info": {"title": model, "version": version or "none", "description": f"Predictions of the model {model}."},
        "paths": {
            "/predict": {"post": _predict()},
            "/feedback": {"post": _feedback()},
            "/releases": {"get": _get("The versions, the current one first.", _array("Release"))},
            "/livez": {"get": _get("The process is alive.")},
            "/readyz": {
                "get": _get("Requests are answered.", more={"503": not_ready}),
            },
            "/metrics": {"get": _get("Counters and latencies in the Prometheus text format.", media="text/plain")},
            "/openapi.json": {"get": _get("This document.")},
            "/docs": {"get": _get("This document as a page.", media="text/html")},
        },
        "components": {"schemas": _schemas(signature, sample or {})},
    }


def _predict() -> Json:
    return {
        "summary": "Predict rows.",
        "description": "A row that breaks the signature gets its own error and harms no other row.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("PredictRequest")}}},
        "responses": {
            "200": _response("One prediction or error for each row, in order.", _ref("PredictResponse")),
            "422": _response("No row is valid, or the model has no finite prediction.", _ref("Error")),
            **_REFUSALS,
        },
    }


def _feedback() -> Json:
    return {
        "summary": "Take a label that arrives later.",
        "description": "Monitoring compares predictions with the latest label of each. The same label again changes "
        "nothing; another one corrects the earlier one, which stays in the journal.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("FeedbackRequest")}}},
        "responses": {
            "200": _response("What became of the label, once it is in the journal.", _ref("FeedbackResponse")),
            "404": _response("No prediction has this request_id, or none at this index.", _ref("Error")),
            "422": _response("The index is needed, or the label is none that the model could predict.", _ref("Error")),
            **_REFUSALS,
        },
    }


def _schemas(signature: Signature | None, sample: Json) -> Json:
    row: Json = {"type": "object"} if signature is None else _row(signature, sample)
    error: Json = {
        "type": "object",
        "properties": {"message": {"type": "string"}, "column": {"type": ["string", "null"]}},
        "required": ["message"],
    }
    return {
        "Row": row,
        "PredictRequest": _object(instances={**_array("Row"), "minItems": 1}),
        "Prediction": _prediction(signature),
        "RowError": _object(error=error),
        "PredictResponse": _object(
            model={"type": "string"},
            version={"type": "string"},
            request_id={"type": "string", "format": "uuid"},
            predictions={"type": "array", "items": {"oneOf": [_ref("Prediction"), _ref("RowError")]}},
        ),
        "Label": _label(signature),
        "FeedbackRequest": _feedback_request(signature),
        "FeedbackResponse": _object(
            request_id={"type": "string"},
            index={"type": "integer"},
            label=_ref("Label"),
            status={"enum": list(get_args(LabelStatus))},
        ),
        "Release": _object(
            version={"type": "string"},
            weight={"type": "number"},
            shadow={"type": "boolean"},
            since={"type": ["string", "null"]},
            why={"type": ["string", "null"]},
        ),
        "Error": {
            "type": "object",
            "properties": {"error": error, "predictions": {"type": "array", "items": _ref("RowError")}},
            "required": ["error"],
        },
    }


def _prediction(signature: Signature | None) -> Json:
    review: Json = {"type": "boolean"}
    if signature is not None and signature.output.task == "regression":
        return _object(value={"type": "number", "description": signature.output.unit or ""}, needs_review=review)
    classes = signature.output.classes if signature is not None else None
    label: Json = {"enum": [*classes, None]} if classes else {}
    shape = _object(label=label, needs_review=review)
    shape["properties"]["probabilities"] = {"type": "object", "additionalProperties": {"type": "number"}}
    return shape


def _feedback_request(signature: Signature | None) -> Json:
    index = {"type": ["integer", "null"], "minimum": 0, "description": "may be left out after a request of one row"}
    request_id = {"type": "string", "description": "as the prediction came with it"}
    shape = _object(["request_id", "label"], request_id=request_id, index=index, label=_ref("Label"))
    classes = signature.output.classes if signature is not None else None
    shape["additionalProperties"] = False
    shape["example"] = {"request_id": _EXAMPLE_ID, "index": 0, "label": classes[0] if classes else 1.5}
    return shape


def _label(signature: Signature | None) -> Json:
    if signature is None:
        return {"type": ["string", "number", "boolean"]}
    if signature.output.task == "regression":
        return {"type": "number", "description": signature.output.unit or ""}
    return {"enum": list(signature.output.classes or [])}


def _row(signature: Signature, sample: Json) -> Json:
    shape = _object([column.name for column in signature.inputs if not column.nullable])
    ignored: Json = {name: {"description": "left out in training: has no effect"} for name in signature.ignored}
    shape["properties"] = {column.name: _column(column) for column in signature.inputs} | ignored
    shape["example"] = sample
    shape["additionalProperties"] = False
    return shape


def _column(column: Input) -> Json:
    shape = dict(_TYPES[column.type])
    if column.integer:
        shape["type"] = "integer"
    notes = [f"unit {column.unit}"] if column.unit else []
    if column.range is not None:
        notes.append(f"{column.range[0]:g} to {column.range[1]:g} in training")
    if column.categories:
        shown = ", ".join(column.categories[:20]) + (" …" if len(column.categories) > 20 else "")
        notes.append(f"seen in training: {shown}; others are taken as unknown")
    if notes:
        shape["description"] = "; ".join(filter(None, [shape.get("description"), *notes]))
    if column.nullable:
        shape["type"] = [*([shape["type"]] if isinstance(shape["type"], str) else shape["type"]), "null"]
        if "enum" in shape:
            shape["enum"] = [*shape["enum"], None]
    return shape


def _object(required: list[str] | None = None, /, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required}


def _array(name: str) -> Json:
    return {"type": "array", "items": _ref(name)}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _response(text: str, schema: Json | None = None, media: str = "application/json") -> Json:
    return {"description": text} | ({"content": {media: {"schema": schema}}} if schema is not None else {})


def _get(text: str, schema: Json | None = None, media: str = "application/json", more: Json | None = None) -> Json:
    return {"summary": text, "responses": {"200": _response(text, schema or {}, media), **(more or {})}}
