"""The OpenAPI document has every status that the code can answer with, and no other one."""

import ast
from pathlib import Path

import pytest

from schemas.home import ROOT
from serving.http.app import ENDPOINTS
from serving.http.endpoint import Endpoint
from serving.http.openapi import document
from serving.http.post import Post

EVERYWHERE = ("connection", "head", "making_way", "malformed")
"""Modules that answer before an endpoint does."""
BASE = "endpoint"
"""What all endpoints import: what it imports in turn is not what each of them answers."""
_ROUTER = {405}  # Starlette's, of a path that has no such method
_DEFECT = {500}


ROOM = "serving.http."


def tree(module: str) -> ast.Module:
    return ast.parse(ROOT.joinpath("serving", "http", *module.split(".")).with_suffix(".py").read_text("utf-8"))


def statuses(module: str) -> set[int]:
    """Return the statuses of 400 and more that a module names where it makes an error or a response."""
    found = set()
    for node in ast.walk(tree(module)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in ("HttpError", "JSONResponse", "__init__", "Response"):
            found |= {one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, int)}
    return {status for status in found if 400 <= status < 600}


def imported(module: str) -> set[str]:
    """Return the modules beside a module that it reaches, itself among them, but for the base of endpoints."""
    found, waiting = {module}, [module]
    while waiting:
        nodes = [node for node in ast.walk(tree(waiting.pop())) if isinstance(node, ast.ImportFrom)]
        names = {str(node.module).removeprefix(ROOM) for node in nodes if str(node.module).startswith(ROOM)}
        rooms = {(f"{node.module}.", one.name) for node in nodes for one in node.names}
        names |= {f"{room}{name}".removeprefix(ROOM) for room, name in rooms if room in (ROOM, f"{ROOM}v2.")}
        names = {
            name for name in names if ROOT.joinpath("serving", "http", *name.split(".")).with_suffix(".py").exists()
        }
        fresh = names - found - {BASE}
        found |= fresh
        waiting += fresh
    return found


def raised(endpoint: type[Endpoint]) -> set[int]:
    module = endpoint.__module__.removeprefix(ROOM)
    modules = [*EVERYWHERE, *imported(module)]
    found = {status for one in modules for status in statuses(one)} | _ROUTER | _DEFECT
    if not issubclass(endpoint, Post):  # the module of errors has those of bodies too
        found -= {413}
    return found | (statuses("authentication") if endpoint.needs_key else set())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.path)
def test_the_document_has_what_the_code_can_answer(endpoint: type[Endpoint]) -> None:
    operation = document(ENDPOINTS, "m", None, None)["paths"][endpoint.path][endpoint.method]
    assert {int(status) for status in operation["responses"]} == {200} | raised(endpoint)


def test_no_module_that_answers_is_left_out() -> None:
    own = {found for one in ENDPOINTS for found in imported(one.__module__.removeprefix(ROOM))}
    looked_at = {*EVERYWHERE, *own, "authentication"}
    folder = Path(ROOT, "serving", "http")
    every = {".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py")}
    raising = {module for module in every if statuses(module)}
    assert raising - looked_at == set()


def test_keys_stand_in_the_document_where_the_service_asks_for_them() -> None:
    plain, secured = (document(ENDPOINTS, "m", None, None, secured=secured) for secured in (False, True))
    assert "securitySchemes" not in plain["components"] and "security" not in str(plain["paths"])
    schemes = secured["components"]["securitySchemes"]
    assert {one["type"] for one in schemes.values()} == {"http", "apiKey"}
    needs = {path: next(iter(methods.values())).get("security") for path, methods in secured["paths"].items()}
    assert {path for path, asked in needs.items() if asked is None} == {
        *("/livez", "/readyz", "/v2/health/live", "/v2/health/ready")
    }
    assert all(asked == [{name: []} for name in schemes] for asked in needs.values() if asked is not None)
