"""Everything of ours holds the contract that it asks of others, and nothing of the person's is touched meanwhile."""

from pathlib import Path

import pytest

from tests.conformance.running import tried

pytestmark = [pytest.mark.own_worker, pytest.mark.conformance, pytest.mark.untraced]


def test_every_component_flavor_stack_and_option_of_ours_holds_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ZENML_CONFIG_PATH", "ZENML_LOCAL_STORES_PATH", "DRIVETRAIN_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    done = tried(tmp_path, tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "the contract holds: drivetrain"
    for part in ("trainer keras_mlp", "data sink sql", "flavor drivetrain_bentoml", "stack=local", "experiment=pumps"):
        assert f"holds  drivetrain: {part}\n" in done.stdout
    assert list(tmp_path.iterdir()) == []
