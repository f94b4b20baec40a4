"""Interpolations that would stand for more than anybody can wait for."""

import time
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from cli.config.expansion import MOST, Expansion, bounded_resolution, expansion_faults, is_readable
from cli.main import main
from schemas.errors import ConfigurationError

DOUBLING = {"k0": "x", **{f"k{number}": f"${{a.k{number - 1}}}${{a.k{number - 1}}}" for number in range(1, 30)}}


@pytest.mark.parametrize(
    "block",
    [
        DOUBLING,
        {"k0": "x", "m": ["${.k0}" + "${a.m2}" * 200], "m2": ["${a.m3}" * 200], "m3": "${a.k0}" * 200},
        {"long": "x" * (MOST // 2), "b": "${a.long} ${a.long} ${a.long}"},
        {"b+0": "x", **{f"b+{number}": f"${{a.b+{number - 1}}}${{a[b+{number - 1}]}}" for number in range(1, 30)}},
        {**DOUBLING, **{f"k{number}": f"${{a.x.k{number - 1}}}" * 2 for number in range(1, 30)}, "x": "${a}"},
        {"e": ["x"], **{f"e{number}": [f"${{.[{-1}]}}${{a.e{number}[-1]}}"] for number in range(30)}, **DOUBLING},
        {1: "x" * (MOST // 2), "b": "${a.1}${a.1}${a.1}"},
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


@pytest.mark.parametrize(
    "text",
    ["a", "${a}", "${ a.b[0].c-d }", "${..a}/${[b]}", r"\${{a", r"\\${a}", "$", "{}", "${data.columns.Größe+1.unit}"],
)
def test_a_name_written_out_is_readable(text: str) -> None:
    assert is_readable(text)


@pytest.mark.parametrize("text", ["${", "${a", "${a.${b}}", "${${a}}", "${a:b}", "${}", r"\\${", "${a b}", "${a.'b'}"])
def test_what_cannot_be_counted_is_not(text: str) -> None:
    assert not is_readable(text)


@pytest.mark.untraced
def test_what_is_merged_is_bounded_before_anybody_sees_it_whole() -> None:
    tree = OmegaConf.create({"a": DOUBLING, "b": "${a.k29}", "small": "${a.k5}"})
    with bounded_resolution():
        assert tree.small == "x" * 2**5
    with pytest.raises(ConfigurationError, match="stand for more than"), bounded_resolution():
        OmegaConf.merge(tree, {"b": {"c": 1}})
    assert tree.a.k8 == "x" * 2**8  # unbounded again


def test_many_large_blocks_are_bounded_together() -> None:
    tree = {"long": "x" * (MOST // 2), **{f"b{number}": "${long}" for number in range(20)}}
    assert [fault.message[:23] for fault in expansion_faults(tree)] == ["the configuration's int"]


PLAIN, ADDED = "b{0}: ${{zz.b{1}}}${{zz.b{1}}}", "b+{0}: ${{zz.b+{1}}}${{zz.b+{1}}}"
NESTED = "n{0}: b{0}\n  b{0}: ${{zz.${{zz.n{1}}}}}${{zz.${{zz.n{1}}}}}"
ALIASED = "b{0}: ${{yy.b{1}}}${{yy.b{1}}}"
FORMS = {"plain": PLAIN, "added": ADDED, "nested": NESTED, "aliased": ALIASED}


@pytest.fixture(params=FORMS)
def doubling(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The words that compose an experiment with thirty doublings."""
    lines = ["# @package _global_", "defaults:", "  - override /data: csv", "name: x", "data: {path: a.csv, target: y}"]
    lines += ["yy: ${zz}", "zz:", "  n0: b0", "  b0: x", "  b+0: x"]
    lines += ["  " + FORMS[request.param].format(number, number - 1) for number in range(1, 31)]
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "doubling.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [f"--config-dir={tmp_path}", "+experiment=doubling"]


@pytest.mark.untraced
@pytest.mark.parametrize(
    "words",
    [
        ["action=plan"],
        ["action=${zz.b30}"],
        ["--cfg", "job", "--resolve"],
        ["--cfg", "job", "-p", "zz.b30"],
        ["--cfg", "all", "--resolve", "-p", "yy.b30"],
        ["--info"],
        ["-m", "seed=1,2", "action=plan"],
        ["hydra.run.dir=${zz.b30}", "action=plan"],
        ["pipeline=${zz.b30}"],
        ["+zz.b30.x=1", "action=plan"],
        ["+ww=${zz.b30}", "+ww.x=1", "action=plan"],
        ["+ww=${zz.b+30}", "+ww={x: 1}", "action=plan"],
    ],
)
def test_what_doubles_ends_at_once_with_a_sentence(
    doubling: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    assert main([*doubling, *words]) == 2
    assert time.monotonic() - begun < 5  # a second where nothing else runs
    said = capsys.readouterr().err
    assert any(
        phrase in said
        for phrase in ("interpolations stand for more than", "is not a readable interpolation", "not an option")
    ), said


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
