"""The command that sends held-out rows to an example's service."""

import pytest

from examples.play import SHIFTS, main, window
from ml.sources.package_dataset import PackageDatasetName
from tests.ml.sources.packages import installed

_INSTALLED: dict[str, PackageDatasetName] = {
    "house_price": "ames",
    "sales": "txhousing",
    "temperature": "seattle_weather",
}


@pytest.mark.parametrize("words", [[], ["no_such"], ["even_odd", "twisted"], ["even_odd", "shifted", "twice"]])
def test_words_it_does_not_know_are_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "NAME one of batch_size, even_odd, house_price" in capsys.readouterr().err


def test_a_service_that_is_not_there_is_told(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path_factory.mktemp("home")))
    assert main(["even_odd"]) == 2
    assert "deploy it: python run.py +experiment=even_odd" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted({*SHIFTS} - {"missing_word", "spam"}))  # whose own tests play them
def test_a_window_is_the_same_every_time_and_a_shifted_one_another(name: str) -> None:
    if name in _INSTALLED:
        installed(_INSTALLED[name])
    quiet = window(name, shifted=False)
    assert len(quiet) == 200 and quiet == window(name, shifted=False) != window(name, shifted=True)
