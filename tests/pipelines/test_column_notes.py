"""The short table of columns that a person sees in the terminal."""

import shlex

import pytest

from cli.config.overrides import parsed
from pipelines.execution.column_notes import column_lines
from schemas.data import Column


def column(name: str, kind: str, gaps: dict[str, int] | None = None, *, declared: bool = False) -> Column:
    return Column.model_validate({"name": name, "type": kind, "declared": declared, "why": "", "gaps": gaps or {}})


def test_each_column_has_its_type_its_gaps_and_the_key_that_changes_it() -> None:
    assert list(column_lines([column("size", "number"), column("country", "category", {"NA": 25, "": 5})], 120)) == [
        "column   type      missing          change it with",
        "size     number    -                data.columns.size.type",
        "country  category  25.0 %: 'NA' 25  data.columns.country.missing",
    ]


def test_an_identifier_says_what_keeping_it_means() -> None:
    told = list(column_lines([column("who", "identifier"), column("mine", "identifier", declared=True)], 10))
    assert "never saw count as one" in told[1] and "data.columns.who.type" in told[1]
    assert "never saw" not in told[2]


def test_of_many_columns_those_that_a_person_must_look_at_are_shown() -> None:
    many = [column(f"c{number}", "number") for number in range(40)]
    lines = list(column_lines([*many, column("odd", "drop"), column("gap", "number", {"?": 3})], 100))
    assert [line.split()[0] for line in lines] == ["column", "odd", "gap", "and"]
    assert "left out" in lines[1] and "3.0 %: '?' 3" in lines[2]
    assert lines[-1] == "and 40 other columns"
    told_once = "none of them has a missing value or was left out; the data report lists them"
    assert list(column_lines(many, 100)) == [told_once], "the line above these counts the columns"


def test_many_words_are_cut_and_names_cannot_deceive() -> None:
    words = {f"w{number}": 10 - number for number in range(6)}
    (_, line) = column_lines([column("a\u202eb", "number", words)], 100)
    assert "'w0' 10, 'w1' 9, 'w2' 8, 'w3' 7, …" in line and "\u202e" not in line


@pytest.mark.parametrize(
    "name",
    ["customer no", "a.b", "price [EUR]", "x, y", "Age ", "a  b", "2019 sales", "a:b", "rate/day", "size"],
)
def test_the_key_that_is_offered_is_read_as_the_columns_when_it_is_pasted(name: str) -> None:
    offered = list(column_lines([column(name, "number")], 10))[1].split("-  ", 1)[1].strip()
    (word,) = shlex.split(offered if "=" in offered else f"{offered}=TYPE")
    override = parsed(word)
    assert override is not None
    declared = override.value() if override.key_or_group == "data.columns" else {name: {"type": override.value()}}
    assert declared == {name: {"type": "TYPE"}}
    assert override.key_or_group in ("data.columns", f"data.columns.{name}.type")


@pytest.mark.parametrize("name", ["größe", "it's", "1.5", "a${b}", "n" * 200])
def test_a_name_that_no_word_of_the_command_line_can_have_is_shown_as_yaml(name: str) -> None:
    (_, line) = column_lines([column(name, "number")], 10)
    assert line.endswith(": {type: TYPE}} (in YAML)") and "data.columns: {" in line
