"""`pipeline=capacity` is refused before anything starts where there is nothing to copy."""

from pathlib import Path

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from pipelines.execution import requirements
from schemas.home import Home
from serving.process import records
from steps.gate.production import Production
from tests.serving.process.test_unit import deployment


def test_without_a_service_from_here_it_says_what_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run(compose(parse_arguments(["+experiment=houses", "pipeline=capacity"])))
    assert run.capacity.latency_budget is None and run.deploy.latency_budget == 0.1
    (nothing,) = requirements.missing(None, run, Home(tmp_path), [])
    assert "is in production" in nothing.what
    monkeypatch.setattr(requirements, "production", lambda _: Production(version="1", package_url="/packages/1"))
    (no_service,) = requirements.missing(None, run, Home(tmp_path), [])
    assert "no service" in no_service.what and no_service.command.endswith("pipeline=deployment")
    records.write(tmp_path, deployment(tmp_path).model_copy(update={"name": "houses"}))
    assert requirements.missing(None, run, Home(tmp_path), []) == []
