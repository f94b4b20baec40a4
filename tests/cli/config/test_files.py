"""Configuration files are read by people."""

from cli.config.repository import CONF


def test_a_configuration_file_is_short_and_begins_with_what_it_is_for() -> None:
    for path in sorted(CONF.rglob("*.yaml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 35, path
        assert lines[0].startswith("#"), path
        assert [line for line in lines if len(line) > 120] == [], path
