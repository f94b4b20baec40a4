"""Which templates belong to one that is rendered."""

from pathlib import Path

import pytest

from ml.source_code.templates import with_all_named


def test_a_template_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "page.html.j2").write_text('{% extends "missing.html.j2" %}')
    with pytest.raises(FileNotFoundError, match=r"missing\.html\.j2"):
        with_all_named([tmp_path / "page.html.j2"], tmp_path)


def test_a_name_that_is_computed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html.j2").write_text("{% include part %}")
    with pytest.raises(ValueError, match=r"page\.html\.j2 computes the name of a template"):
        with_all_named([tmp_path / "page.html.j2"], tmp_path)
