"""Which templates a module renders with."""

from pathlib import Path

import pytest

from ml.source_code.templates import template_files


def test_only_templates_of_the_modules_own_stem_are_a_start(tmp_path: Path) -> None:
    for name in ("page.html.j2", "page.css.j2", "pages.html.j2", "other.html.j2"):
        (tmp_path / name).write_text("")
    found = template_files([tmp_path / "page.py"], tmp_path)
    assert {path.name for path in found} == {"page.html.j2", "page.css.j2"}


def test_a_template_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "page.html.j2").write_text('{% extends "missing.html.j2" %}')
    with pytest.raises(FileNotFoundError, match=r"missing\.html\.j2"):
        template_files([tmp_path / "page.py"], tmp_path)


def test_a_name_that_is_computed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html.j2").write_text("{% include part %}")
    with pytest.raises(ValueError, match=r"page\.html\.j2 computes the name of a template"):
        template_files([tmp_path / "page.py"], tmp_path)
