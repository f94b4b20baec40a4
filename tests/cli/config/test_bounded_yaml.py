"""Configuration files that would stand for more than a file should."""

from pathlib import Path

import pytest

from cli.config.bounded_yaml import DEEPEST, LARGEST, MOST, refuse_unbounded
from cli.main import main
from schemas.errors import ConfigurationError
from schemas.home import ROOT

LAUGHS = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 9)
)
HEAD = "# @package _global_\nname: x\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, f"more than {MOST:,} values"),
        ("b: c\n\ufeffd: e\n" + LAUGHS, f"more than {MOST:,} values"),  # libyaml stops at the mark, OmegaConf does not
        ("a: &a [*a]\n", "more than"),
        ("a: " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "levels deep"),
        ("a: " + "x" * LARGEST, "bytes"),
        ("a:\n" + "- 1\n" * (MOST + 1), "more than"),
        ("a: [&a " + "x" * 100_000 + ", *a" * 1000 + "]", "more than"),
    ],
)
def test_too_much_is_refused_and_says_which_file(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said) as refused:
        refuse_unbounded(file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("text", ["", "a: [", "a: &x {b: 1}\nc: *x\nd: {<<: *x}\n", "a: !tag b", "\tx", "a: *nowhere"])
def test_other_files_are_left_to_the_reader(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    refuse_unbounded(file)


@pytest.mark.parametrize("file", sorted((ROOT / "conf").rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_file_is_far_from_the_bounds(file: Path) -> None:
    refuse_unbounded(file)


def test_the_command_line_ends_at_once_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "bomb.yaml").write_text(HEAD + LAUGHS, encoding="utf-8")
    for name in ("bomb", "bomb.yaml"):
        assert main([f"--config-dir={tmp_path}", f"+experiment={name}", "action=plan"]) == 2
        assert "bomb.yaml" in capsys.readouterr().err
