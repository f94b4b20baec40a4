"""Interpolations that would stand for more than anybody can wait for."""

from pathlib import Path
from typing import Any

import pytest

from cli.config.expansion import MOST, Expansion
from cli.main import main

DOUBLING = {"k0": "x", **{f"k{number}": f"${{a.k{number - 1}}}${{a.k{number - 1}}}" for number in range(1, 30)}}


@pytest.mark.parametrize(
    "block",
    [
        DOUBLING,
        {"k0": "x", "m": ["${.k0}" + "${a.m2}" * 200], "m2": ["${a.m3}" * 200], "m3": "${a.k0}" * 200},
        {"long": "x" * (MOST // 2), "b": "${a.long} ${a.long} ${a.long}"},
    ],
)
def test_what_doubles_is_seen_without_following_it(block: dict[str, Any]) -> None:
    assert Expansion({"a": block}).is_too_large("a")


@pytest.mark.parametrize(
    "block",
    [
        {"b": "${a.c}", "c": "${a.b}"},
        {"b": "${.c}", "c": {"d": "${..e}"}, "e": [1, "${a.e[0]}"]},
        {"b": "${nowhere.at.all}", "c": None, "d": 1.5},
        {f"k{number}": f"${{a.k{number - 1}}}" for number in range(1, 60)},
    ],
)
def test_what_a_person_writes_is_small(block: dict[str, Any]) -> None:
    assert not Expansion({"a": block}).is_too_large("a")


def test_the_command_line_ends_at_once_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["# @package _global_", "name: x", "data:", "  target: y", "  columns:"]
    lines += ["    k0: {unit: x}"]
    lines += [
        f"    k{number}: {{unit: '${{data.columns.k{number - 1}.unit}}${{data.columns.k{number - 1}.unit}}'}}"
        for number in range(1, 30)
    ]
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "doubling.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main([f"--config-dir={tmp_path}", "+experiment=doubling", "action=plan"]) == 2
    assert "data: its interpolations stand for more than" in capsys.readouterr().err
