"""A stack names any component type of ZenML, and where journals are."""

import pytest
from pydantic import ValidationError

from schemas.stack import COMPONENT_TYPES, ComponentSpec, StackSpec

LOCAL = ComponentSpec(flavor="local")


def stack(**more: object) -> StackSpec:
    return StackSpec.model_validate({"name": "here", "orchestrator": LOCAL, "artifact_store": LOCAL, **more})


def test_the_component_types_are_zenmls() -> None:
    from zenml.enums import StackComponentType

    assert set(COMPONENT_TYPES) == {kind.value for kind in StackComponentType}


@pytest.mark.parametrize("kind", sorted(set(COMPONENT_TYPES) - {"orchestrator", "artifact_store"}))
def test_every_component_type_may_be_declared(kind: str) -> None:
    declared = stack(**{kind: ComponentSpec(flavor="some", settings={"a": 1})})
    assert list(declared.components) == ["orchestrator", "artifact_store", kind]
    assert declared.components[kind].settings == {"a": 1}


def test_what_is_no_component_type_is_refused() -> None:
    with pytest.raises(ValidationError, match="container_registri"):
        stack(container_registri=LOCAL)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://host/journals", "two models would share one journal"),
        ("postgresql://me:secret@host/{model}", "a password must not stand here"),
        ("postgresql://me:secret#more@host/{model}", "a password must not stand here"),
        ("postgresql://me:secret/more@host/{model}", "a password must not stand here"),
        ("postgresql://host/{model}?password=secret", "a password must not stand here"),
        ("postgresql://host/{model}?sslmode=require&sslpassword=secret", "a password must not stand here"),
        ("journal_{model}.db", "is no SQLAlchemy URL"),
        ("://{model}", "is no SQLAlchemy URL"),
        ("postgresql://host:port/{model}", "is no SQLAlchemy URL"),
        ("sqlite:///{model}.db", "the service runs in another folder"),
        ("sqlite:///file:{model}.db?uri=true", "the service runs in another folder"),
        ("sqlite://?model={model}", "the service runs in another folder"),
    ],
)
def test_a_journal_url_that_cannot_be_meant_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        stack(journal=url)
    assert "secret" not in str(caught.value.errors(include_input=False))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me@host/journal_{model}",
        "postgresql://host/{model}?passfile=/etc/pgpass",
        "sqlite:////srv/journals/{model}.db",
    ],
)
def test_a_journal_url_that_every_process_finds_is_taken(url: str) -> None:
    assert stack(journal=url).journal == url
