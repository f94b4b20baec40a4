"""How rollouts begin: a version is loaded by every worker, then it gets its first place and its row at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.rollout import RolloutSpec
from serving.releases.beside import place_beside
from serving.releases.publisher import releases
from serving.rollouts import operating
from serving.rollouts.starting import roll_out
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

SPEC = RolloutSpec.model_validate({"stages": [{"share": 0.1, "requests": 5}, {"share": 1}]})
ONLY_QUALITY = SPEC.model_copy(update={"error_rate": None, "latency": None, "invalid": None, "prediction_drift": None})


@pytest.fixture
def app(local: LocalApp) -> Iterator[Local]:
    with local(DeploySpec(), 1.0) as one:
        yield one


def test_a_version_is_loaded_and_gets_its_first_place_in_the_place_of_others(app: Local, tmp_path: Path) -> None:
    second, third = (str(packages.write_rules(tmp_path / name, yes=0.2)) for name in ("2", "3"))
    place_beside(app.journal_url, "3", third, share=None)
    found = roll_out(app.journal_url, "2", second, SPEC)
    assert [(one.version, one.weight, one.shadow) for one in found] == [
        *(("1", 0.9, False), ("2", 0.1, False), ("3", 0.0, False))
    ]
    assert found[1].why == "rollout: stage 1 of 2 (10 % of traffic)" and found[2].why == "withdrawn: replaced by 2"
    first = operating.running(app.journal_url)
    assert roll_out(app.journal_url, "2", second, SPEC) == found and operating.running(app.journal_url) == first
    roll_out(app.journal_url, "3", third, RolloutSpec())
    third_one, fallen = operating.running(app.journal_url), releases(app.journal_url)[2]
    assert third_one is not None and (third_one.candidate, third_one.state.stage) == ("3", 0)
    assert (fallen.version, fallen.why) == ("2", "withdrawn: replaced by 3")


def test_what_cannot_be_compared_is_refused_and_nothing_changes(app: Local, tmp_path: Path) -> None:
    second = str(packages.write_rules(tmp_path / "2", yes=0.2))
    with pytest.raises(DeploymentError, match="is in production; it cannot be compared with itself"):
        roll_out(app.journal_url, "1", second, SPEC)
    with pytest.raises(DeploymentError, match="nothing is known of the old version that quality could be compared"):
        roll_out(app.journal_url, "2", second, ONLY_QUALITY)
    with pytest.raises(DeploymentError, match="was not published"):
        roll_out(app.journal_url, "2", str(packages.write_wrong_samples(tmp_path / "wrong")), SPEC)
    assert [(one.version, one.weight) for one in releases(app.journal_url) if one.weight] == [("1", 1.0)]
    assert operating.running(app.journal_url) is None


def test_the_first_version_of_a_model_has_nothing_to_be_compared_with(journal_url: str) -> None:
    with pytest.raises(DeploymentError, match="no version is in production"):
        roll_out(journal_url, "1", "memory://1", SPEC)
