"""A rollout as people and programs see it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from schemas.deploy_spec import DeploySpec
from schemas.release import Release
from serving.__main__ import main
from serving.process import records
from serving.rollouts.shown import lines, progress, with_progress
from tests.serving.rollouts.made import Service


@pytest.fixture
def service(engine: Engine) -> Service:
    """A rollout that has seen two hundred requests."""
    found = Service(engine)
    for _ in range(2):
        found.tick()
        found.look()
    return found


def test_its_progress_stands_beside_its_version_alone(service: Service) -> None:
    versions = [Release(version="1", weight=1.0), Release(version="2", weight=0.0, shadow=True)]
    first, second = with_progress(versions, service.rollout())
    assert first.rollout is None and second.rollout == progress(service.rollout())
    assert with_progress(versions, None) == versions
    gone = [versions[0], Release(version="2", weight=0.0)]
    assert with_progress(gone, service.rollout()) == gone


def test_its_progress_has_stage_counts_and_evidence(service: Service) -> None:
    found = progress(service.rollout())
    assert (found.stage, found.stages, found.share, found.held) == (1, 4, 0.0, False)
    assert 0 < found.requests <= 150 and found.exposed == 0
    assert list(found.signals) == ["error_rate", "latency", "invalid", "prediction_drift", "quality"]
    errors = found.signals["error_rate"]
    assert errors.needed == 500 and 0 < errors.odds < 100 and errors.observed == (found.requests,) * 2


def test_it_is_told_in_words(service: Service) -> None:
    first, *signals = lines(service.rollout())
    assert first.startswith("rollout of version 2 beside 1, stage 1 of 4 (shadow)") and "requests" in first
    assert signals[0].startswith("error_rate: ") and "500 roll it back" in signals[0]
    assert "- with the new version (0 observed)" in signals[1], "a shadow's latency is no evidence"


@pytest.fixture
def deployed(service: Service, journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The same, as operators of a service that is down see it."""
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    deployment = records.Deployment(
        name="house",
        port=1,
        url="http://127.0.0.1:1",
        code_hash="x",
        bento="drivetrain:x",
        journal_url=journal_url,
        log=tmp_path / "house.log",
        spec=DeploySpec(),
    )
    records.write(tmp_path, deployment)
    return service


def test_operators_hold_it_let_it_go_on_and_roll_it_back(deployed: Service, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "house"]) == 1, "its service is down"
    assert "house: rollout of version 2 beside 1, stage 1 of 4" in capsys.readouterr().out
    assert main(["pause", "house"]) == 0 and deployed.rollout().state.held
    assert main(["pause", "house"]) == 1
    assert main(["resume", "house"]) == 0 and not deployed.rollout().state.held
    assert main(["rollback", "house"]) == 0 and deployed.rollout().outcome == "rolled_back"
    told = capsys.readouterr()
    main(["status", "house"])
    status = capsys.readouterr().out
    assert "house: the rollout of version 2 ended 2" in status and "rolled back: rolled back by an operator" in status
    assert "python -m serving resume house" in told.out and "goes on" in told.out
    assert "version 2 is rolled back; production stays" in told.out and "is held already" in told.err
