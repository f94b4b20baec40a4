"""Where the Bentos of services are."""

from pathlib import Path

import pytest

from schemas.errors import DeploymentError
from serving.process.bento import source


@pytest.mark.parametrize("home", ["~/mine", "$OURS/mine", "${OURS}/mine", "$NESTED/mine", "mine"])
def test_the_store_is_where_the_variable_says(home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "mine" / "bentos" / "drivetrain_house" / "1" / "src"
    code.mkdir(parents=True)
    for name in ("HOME", "OURS"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("NESTED", "$OURS")
    monkeypatch.setenv("BENTOML_HOME", home)
    monkeypatch.chdir(tmp_path)
    assert source("drivetrain_house:1") == code


def test_without_a_variable_it_is_bentomls_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("BENTOML_HOME")
    with pytest.raises(DeploymentError, match="does not have drivetrain_house:1 any more; deploy again"):
        source("drivetrain_house:1")
    code = tmp_path / "bentoml" / "bentos" / "drivetrain_house" / "1" / "src"
    code.mkdir(parents=True)
    assert source("drivetrain_house:1") == code
