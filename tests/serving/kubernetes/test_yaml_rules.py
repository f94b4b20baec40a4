"""YAML is read as kubectl and the API read it, and written so that they and PyYAML read the same."""

from typing import Any

import pytest
import yaml

from schemas.errors import ConfigurationError
from serving.kubernetes.checks import checked
from serving.kubernetes.yaml_rules import dump, load

TEXTS = (
    *("2026-01-01", "2026-01-01T00:00:00Z", "12:30", "1:30:00", "0b2", "0o8", "0x", "1e", "1e400", "12_ab", "+", "._5"),
    *("truE", "yES", "nULL", "Null ability", "=", "1.2.3", "1,000", "\N{ARABIC-INDIC DIGIT ONE}"),
)
VALUES: dict[str, Any] = {
    **dict.fromkeys(("y", "Yes", "on", "TRUE"), True),
    **dict.fromkeys(("n", "NO", "off", "false"), False),
    **dict.fromkeys(("~", "Null", ""), None),
    **{"0o17": 15, "017": 15, "-0O17": -15, "0x1F": 31, "0B11": 3, "1_000": 1000, "+5": 5, "08": 8, "-0": 0},
    **{"1234e5": 123_400_000, "1e3": 1000, "2.0": 2, "1.": 1, ".5": 0.5, ".5_0": 0.5, "-1.5E-1": -0.15, "1e21": 1e21},
    **{"9" * 20: int("9" * 20), "!!str 5": "5", "!!float 5": 5, "'5'": "5", "!!timestamp 2026-01-01": "2026-01-01"},
}


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_text_to_a_cluster_is_text(text: str) -> None:
    assert load(f"a: {text}") == [{"a": text}]


@pytest.mark.parametrize("text", VALUES)
def test_numbers_booleans_and_nothing_are_those_of_a_cluster(text: str) -> None:
    (document,) = load(f"a: {text}")
    assert document == {"a": VALUES[text]} and type(document["a"]) is type(VALUES[text])


@pytest.mark.parametrize(
    ("text", "key"), [("80", "80"), ("on", "true"), ("n", "false"), ("'<<'", "<<"), ("1.5", "1.5")]
)
def test_keys_are_text_as_in_json(text: str, key: str) -> None:
    assert load(f"{text}: a") == [{key: "a"}]


UNREAD = {
    "a: {b: 1, c: 2}\nd:\n  b: 1\n  b: 2": "line 4: 'b' is there twice in one mapping\n    first in line 3",
    "y: 1\n'true': 2": "line 2: 'true' is there twice",
    "a: .inf": "line 1: .inf is no number that a cluster can be sent",
    "a:\n  ~: 1": "line 2: a key cannot be null",
    "a: !!int x": "line 1: 'x' is no int",
    "a: [": "line 1, column 5: this is no YAML",
    "[a]: 1": "line 1, column 1: this is no YAML",
    f"a: {'9' * 5000}": "line 1, column 4: this is no YAML: a number of too many digits",
    f"a: 1\n? 0x{'f' * 5000}": "line 2, column 3: this is no YAML: a number of too many digits",
    f"%YAML {'1' * 5000}.1\n---\na: 1": "line 1, column 7: this is no YAML: a number of too many digits",
    'a: "\\U00110000"': "line 1, column 7: this is no YAML: an escape that stands for no character",
    'a: 1\n"b \\UFFFFFFFF": 1': "line 2, column 6: this is no YAML: an escape that stands for no character",
    'a: "\\uD800 b"': "line 1, column 11: this is no YAML: an escape that stands for no character",
    "[" * 1000: "this is no YAML: nested too deep",
}


@pytest.mark.parametrize("text", UNREAD)
def test_what_cannot_be_sent_is_said_with_its_line(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert [str(fault).startswith(UNREAD[text]) for fault in caught.value.faults] == [True]


def test_escapes_are_read_as_in_json() -> None:
    assert load(r'{"a": "\ud83d\ude00 \U0001F600 \u00e9"}') == [{"a": "😀 😀 é"}]


def test_what_a_mapping_is_merged_with_is_no_key_twice() -> None:
    text = "p: {q: &b {<<: &a {x: 1}, x: 2}}\nc: {<<: *b, y: 3}\nd: [*a, *b]"
    assert load(text) == [{"p": {"q": {"x": 2}}, "c": {"x": 2, "true": 3}, "d": [{"x": 1}, {"x": 2}]}]


@pytest.mark.parametrize("text", [*TEXTS, *VALUES, "<<", ".inf", "9" * 5000])
def test_text_is_written_so_that_both_read_text(text: str) -> None:
    written = dump([{"a": [text, 1.5, True, None, 7]}])
    assert load(written) == list(yaml.safe_load_all(written)) == [{"a": [text, 1.5, True, None, 7]}]


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: a, labels: {%s}, annotations: {%s}}
spec: {ports: [{port: 80}]}
"""


@pytest.mark.parametrize("text", ["released: 2026-01-01", "a: 12a"])
def test_labels_that_a_cluster_takes_are_let_through(text: str) -> None:
    assert checked(SERVICE % (text, "at: 12:30, day: 2026-01-01")) == []


@pytest.mark.parametrize("text", ["commit: 1234e5", "on: y", "x: 0o17", "a: 1_0"])
def test_labels_that_are_numbers_or_booleans_to_a_cluster_are_found(text: str) -> None:
    assert ["cannot be the value of a label" in fault.message for fault in checked(SERVICE % (text, ""))] == [True]
