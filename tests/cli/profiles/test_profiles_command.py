"""The command for people: what it prints, writes and refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from cli.profiles.__main__ import main
from ml.monitoring.profiles import Profile, profile
from schemas.column_types import ScalarType

KINDS: dict[str, ScalarType] = {"größe": "number", "color": "category"}


@pytest.fixture
def days(tmp_path: Path) -> list[Path]:
    files = []
    for day in range(3):
        found = profile({"größe": np.arange(10.0) + 10 * day, "color": ["red"] * (10 - day) + ["blue"] * day}, KINDS)
        files.append(tmp_path / f"day-{day}.bin")
        files[-1].write_bytes(found.to_bytes())
    return files


def test_days_become_a_month_that_can_be_shown(days: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    month = days[0].parent / "month.bin"
    assert main(["merge", *map(str, days), "--to", str(month)]) == 0
    assert capsys.readouterr().out == f"{month}\n"
    assert main(["show", "--json", str(month)]) == 0
    (said,) = json.loads(capsys.readouterr().out)
    size = said["columns"]["größe"]
    assert (size["rows"], size["numbers"]["minimum"], size["numbers"]["maximum"]) == (30, 0.0, 29.0)
    assert size["numbers"]["quantiles"]["0.5"] == 15.0
    assert said["columns"]["color"]["counts"] == {"red": 27, "blue": 3}
    assert main(["show", str(month)]) == 0
    shown = capsys.readouterr().out
    assert "größe" in shown
    assert "red 90 %" in shown


def test_dates_are_shown_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "day.bin"
    file.write_bytes(profile({"day": ["2024-01-01", "2024-03-01", "2024-05-05"]}, {"day": "date"}).to_bytes())
    assert main(["show", str(file)]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "2024-01-01 to 2024-05-05, median 2024-03-01" in shown


def test_a_packages_folder_stands_for_its_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reference.bin").write_bytes(profile({"x": [1, 2]}, {"x": "number"}).to_bytes())
    assert main(["show", "--json", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)[0]["columns"]["x"]["rows"] == 2


def test_to_whylogs_and_back_keeps_what_it_says(days: list[Path]) -> None:
    there, back = days[0].parent / "w.bin", days[0].parent / "b.bin"
    assert main(["to-whylogs", str(days[1]), "--to", str(there)]) == 0
    assert there.read_bytes().startswith(b"WHY1")
    assert main(["from-whylogs", str(there), "--to", str(back)]) == 0
    before, after = (Profile.from_bytes(file.read_bytes()).column("color") for file in (days[1], back))
    assert before == after


def test_all_files_that_are_wrong_are_named(days: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    damaged = days[0].with_name("damaged.bin")
    damaged.write_bytes(days[0].read_bytes()[:-1])
    asked = ["show", str(damaged), "nowhere.bin", str(days[0]), "also-nowhere.bin"]
    assert main(asked) == 2
    error = capsys.readouterr().err
    assert "3 problems" in error
    assert all(name in error for name in ("damaged.bin: the profile", "also-nowhere.bin: No such file"))
    assert main(["show", str(damaged)]) == 1
    assert "cut short" in capsys.readouterr().err


def test_profiles_that_do_not_go_together_are_not_merged(days: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    days[1].write_bytes(profile({"größe": ["big"]}, {"größe": "category"}).to_bytes())
    target = days[0].parent / "month.bin"
    assert main(["merge", *map(str, days), "--to", str(target)]) == 1
    assert "['größe']" in capsys.readouterr().err
    assert not target.exists()
    assert main(["from-whylogs", str(days[0]), "--to", str(target)]) == 1
    assert "whylogs did not write it" in capsys.readouterr().err
