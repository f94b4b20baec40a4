"""`python -m serving key`: made before the first deployment, listed without the key, revoked by name."""

from pathlib import Path

import pytest

from serving.__main__ import main
from serving.keys import store
from serving.keys.key import PREFIX, digest
from serving.process import records


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    return records.keys_path(tmp_path, "house")


def test_the_key_alone_is_printed_once_and_what_is_said_of_it_goes_aside(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "add", "house", "--name", "laptop", "--expires", "90d"]) == 0
    said = capsys.readouterr()
    shown = said.out.strip()
    assert shown.startswith(PREFIX) and said.out.count("\n") == 1 and shown not in said.err
    assert "is shown this once" in said.err and "Nothing is deployed as 'house' yet." in said.err
    assert [one.sha256 for one in store.read(path)] == [digest(shown.encode())]
    assert main(["key", "list", "house"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "STATE", "MADE", "EXPIRES"] and line.split()[:2] == ["laptop", "valid"]
    assert main(["key", "revoke", "house", "laptop"]) == 0 and main(["key", "list", "house"]) == 0
    assert "laptop  revoked" in capsys.readouterr().out
    assert main(["key", "clear", "house"]) == 0 and store.read(path) == []


def test_a_service_without_keys_is_told_what_that_means(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records.settings_path(path.parents[2], "house").parent.mkdir()
    records.settings_path(path.parents[2], "house").write_text("{}")
    assert main(["key", "list", "house"]) == 0
    assert "house has no keys: requests need none" in capsys.readouterr().out


def test_an_unknown_model_is_an_error_for_all_but_add(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "add", "house"]) == 0
    for words in (["list", "hause"], ["revoke", "hause", "key-1"], ["clear", "hause"]):
        assert main(["key", *words]) == 1
        assert "There is no deployment 'hause'" in capsys.readouterr().err
    assert main(["key", "add", "../house"]) == 1 and "is no model's name" in capsys.readouterr().err
    assert main(["key", "revoke", "house", "key-2"]) == 1 and "Did you mean 'key-1'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["add"], ["add", "house", "--expires", "soon"], ["revoke", "house"], ["look"]])
def test_what_is_not_understood_is_exit_code_2(
    path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["key", *words])
    assert caught.value.code == 2 and not path.exists()
    assert "soon" not in words or "is neither a date (2027-01-31) nor a span" in capsys.readouterr().err
