"""Tabs in manifests: read where kubectl reads them, and refused with their place where it does not."""

from typing import Any

import pytest
import yaml

from schemas.errors import ConfigurationError
from serving.kubernetes.checks import checked
from serving.kubernetes.yaml_rules import load

TAKEN: dict[str, Any] = {
    "a:\tb": {"a": "b"},
    "a: b\t# c": {"a": "b"},
    "a: [b]\t# c\nd: e": {"a": ["b"], "d": "e"},
    "a: b\tc": {"a": "b\tc"},
    "a: b \t\n  c\t\n\n  \td": {"a": "b c\nd"},
    "a: [\n\tb,\tc\t]\t": {"a": ["b", "c"]},
    "a: {\tb:\tc}": {"a": {"b": "c"}},
    "a: 'b'\t": {"a": "b"},
    "a: |\t# c\n  b\tc\n": {"a": "b\tc\n"},
    "a: !!str\tb": {"a": "b"},
    "a: &x\tb\nc:\t*x": {"a": "b", "c": "b"},
    "a:\t\n  b: c\t\n  d: e": {"a": {"b": "c", "d": "e"}},
    "---\t# x\na: b\n...\t\n": {"a": "b"},
}
REFUSED = {
    "a:\n\tb: c": "line 2, column 1: this is no YAML: found character '\\t' that cannot start any token",
    "a:\n  -\tb": "line 2, column 4: this is no YAML: found character '\\t' that cannot start any token",
    "a: b\n\tc": "line 2, column 1: this is no YAML: a tab in the place of indentation",
    "a: |\n  \tb": "line 2, column 3: this is no YAML: a tab where a space of indentation is expected",
    "a: 'b'\n\t\nc: d": "line 2, column 1: this is no YAML: found character",
    "a: [": "line 1, column 5: this is no YAML: expected the node content",
    "a: b\nc: \x07": "line 2, column 4: this is no YAML: a sign that it cannot hold",
}


@pytest.mark.parametrize("text", TAKEN)
def test_a_tab_is_taken_where_a_cluster_takes_it(text: str) -> None:
    assert load(text) == [TAKEN[text]]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_yaml_is_said_with_its_place_and_why(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert [str(fault).startswith(REFUSED[text]) for fault in caught.value.faults] == [True], caught.value


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="this PyYAML has come without libyaml")
@pytest.mark.parametrize("text", [*TAKEN, *(text for text in REFUSED if "\t" in text)])
def test_libyaml_reads_the_same(text: str) -> None:
    if text in REFUSED:
        with pytest.raises(yaml.YAMLError):
            list(yaml.load_all(text, yaml.CSafeLoader))
    else:
        assert list(yaml.load_all(text, yaml.CSafeLoader)) == [TAKEN[text]]


@pytest.mark.parametrize("line", ["ports: [{port: 80}]\t# http", "ports: [{port: 80}]\n  clusterIP:\tNone"])
def test_a_manifest_with_tabs_is_looked_at(line: str) -> None:
    assert checked(f"apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec:\n  {line}\n") == []
