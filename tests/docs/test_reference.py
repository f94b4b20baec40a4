"""The pages under docs/reference are what the schemas declare now."""

import pytest

from cli.config.repository import CONF
from cli.reference.keys import keys
from cli.reference.pages import ALERT_SCHEMA, FOLDER, PAGES, alert_schema, render
from steps import registry


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_schemas_say(name):
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text == render(name), "run: make docs"


def test_the_schema_of_an_alert_is_that_of_the_model():
    assert ALERT_SCHEMA.read_text(encoding="utf-8") == alert_schema(), "run: make docs"


def test_every_group_of_conf_has_a_page():
    assert {folder.name for folder in CONF.iterdir() if folder.is_dir()} <= set(PAGES)
    assert {path.stem for path in FOLDER.glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page.schema is not None])
def test_every_key_says_what_it_means(name):
    page = PAGES[name]
    assert page.schema is not None
    assert [row[0] for row in keys(page.schema, "", page.hidden) if not row[3]] == []


@pytest.mark.parametrize("kind", [kind for kind in registry.KINDS if kind != "gate"])
def test_every_parameter_of_a_component_says_what_it_means(kind):
    own = [name for name in registry.names(kind) if registry.origin(kind, name) == registry.OWN]
    rows = [(name, row) for name in own for row in keys(registry.lookup(kind, name).Params, "")]
    assert [f"{name}.{row[0]}" for name, row in rows if not row[3]] == []
