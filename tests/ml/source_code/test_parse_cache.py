"""What was parsed is found again by the next process, and a damaged file of it does no harm."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ml.source_code import parse_cache
from ml.source_code.parse_cache import ParseCache
from ml.source_code.python_file import PythonFile, parse


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are really parsed."""
    names: list[str] = []

    def counted(content: bytes, name: str) -> PythonFile:
        names.append(Path(name).name)
        return parse(content, name)

    monkeypatch.setattr(parse_cache, "parse", counted)
    return names


def read(cache: Path | None, *files: Path) -> list[PythonFile]:
    one = ParseCache(cache)
    found = [one.parsed(file) for file in files]
    one.save()
    return found


def source(folder: Path, name: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(f"import ml.{name}\n")
    return path


def test_a_file_is_parsed_once_and_again_when_its_bytes_change(tmp_path: Path, calls: list[str]) -> None:
    a, cache = source(tmp_path, "a"), tmp_path / "deep" / "cache.json"
    assert read(cache, a) == read(cache, a) == [parse(a.read_bytes(), "a.py")]
    assert calls == ["a.py"]
    a.write_text("import ml.b\n")
    assert read(cache, a)[0].imports == ("ml.b",)
    assert calls == ["a.py", "a.py"]


def test_what_a_process_adds_leaves_what_others_wrote_meanwhile(tmp_path: Path, calls: list[str]) -> None:
    a, b, cache = source(tmp_path, "a"), source(tmp_path, "b"), tmp_path / "cache.json"
    first, second = ParseCache(cache), ParseCache(cache)
    first.parsed(a)
    second.parsed(b)
    first.save()
    second.save()
    calls.clear()
    read(cache, a, b)
    assert calls == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"method": 1}', '{"files": {}}', "\ufeff\0", '{"other": "program"}'])
def test_a_broken_or_foreign_file_is_replaced(tmp_path: Path, calls: list[str], text: str) -> None:
    a, cache = source(tmp_path, "a"), tmp_path / "cache.json"
    cache.write_text(text)
    read(cache, a)
    read(cache, a)
    assert calls == ["a.py"]


def test_what_another_version_parsed_is_not_believed(tmp_path: Path, calls: list[str]) -> None:
    a, cache = source(tmp_path, "a"), tmp_path / "cache.json"
    read(cache, a)
    stored = json.loads(cache.read_text())
    cache.write_text(json.dumps({**stored, "method": "of yesterday"}))
    read(cache, a)
    assert calls == ["a.py", "a.py"]


def test_a_place_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    a, occupied = source(tmp_path, "a"), tmp_path / "file"
    occupied.write_text("")
    assert read(occupied / "cache.json", a) == read(None, a)


def test_too_many_files_leave_only_what_was_just_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_cache, "_MOST", 2)
    cache = tmp_path / "cache.json"
    for name in ("a", "b", "c"):
        read(cache, source(tmp_path, name))
    assert [file["imports"] for file in json.loads(cache.read_text())["files"].values()] == [["ml.c"]]


def test_many_at_once_leave_a_file_that_can_be_read(tmp_path: Path, calls: list[str]) -> None:
    files, cache = [source(tmp_path, f"m{number}") for number in range(20)], tmp_path / "cache.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda file: read(cache, file), files))
    assert json.loads(cache.read_text())["files"]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".partial"] == []
    read(cache, *files)
    calls.clear()
    read(cache, *files)
    assert calls == []
