"""What several of these tests start from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import main
from tests.ml.bench import benches, packaged, record
from tests.ml.io.database.postgresql import postgresql

__all__ = ["benches", "packaged", "plan", "postgresql", "record"]

Plan = Callable[..., tuple[int, str]]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Plan:
    """Return exit code and text of `action=plan` for a `data` block; the current folder must stay empty."""
    here, conf = tmp_path / "here", tmp_path / "conf"
    here.mkdir()
    (conf / "experiment").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(here / "zenml"))
    monkeypatch.setenv("DRIVETRAIN_HOME", str(here / "home"))

    def planned(option: str, block: str, *words: str) -> tuple[int, str]:
        text = f"# @package _global_\ndefaults:\n  - override /data: {option}\nname: till\ndata: {block}\n"
        (conf / "experiment" / "till.yaml").write_text(text, encoding="utf-8")
        code = main([f"--config-dir={conf}", "+experiment=till", "action=plan", *words])
        captured = capsys.readouterr()
        assert list(here.iterdir()) == []
        return code, captured.out + captured.err

    return planned
