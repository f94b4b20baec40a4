"""The difference between a declared stack and what ZenML has."""

from schemas.stack import ComponentSpec, StackSpec
from stacks.plan import Existing, changes, component_name, stack_name

SPEC = StackSpec(
    name="here",
    orchestrator=ComponentSpec(flavor="local"),
    artifact_store=ComponentSpec(flavor="local", settings={"path": "/data"}),
    deployer=ComponentSpec(flavor="drivetrain_bentoml"),
)
FLAVORS = {"drivetrain_bentoml": ("stacks.flavors.x.Y", "digest")}


def as_declared() -> Existing:
    parts = {"orchestrator": SPEC.orchestrator, "artifact_store": SPEC.artifact_store, "deployer": SPEC.deployer}
    components = {
        (kind, component_name(SPEC, part)): (part.flavor, part.settings) for kind, part in parts.items() if part
    }
    return Existing(
        flavors=FLAVORS,
        components=components,
        stacks={stack_name(SPEC): dict(components.keys())},
    )


def test_from_nothing_flavors_come_before_components_and_the_stack_is_last() -> None:
    planned = changes(SPEC, FLAVORS, Existing())
    assert [change.kind for change in planned] == ["flavor", "orchestrator", "artifact_store", "deployer", "stack"]
    assert {change.action for change in planned} == {"create"}


def test_a_stack_as_declared_needs_no_change() -> None:
    assert changes(SPEC, FLAVORS, as_declared()) == []


def test_a_changed_setting_updates_its_component_only() -> None:
    moved = SPEC.model_copy(update={"artifact_store": ComponentSpec(flavor="local", settings={"path": "/elsewhere"})})
    (change,) = changes(moved, FLAVORS, as_declared())
    assert (change.action, change.kind, change.details["path"]) == ("update", "artifact_store", "/elsewhere")


def test_a_setting_that_is_no_longer_declared_updates_its_component() -> None:
    bare = SPEC.model_copy(update={"artifact_store": ComponentSpec(flavor="local")})
    (change,) = changes(bare, FLAVORS, as_declared())
    assert (change.action, change.kind) == ("update", "artifact_store")


def test_a_changed_flavor_is_a_new_component_and_an_updated_stack() -> None:
    other = SPEC.model_copy(update={"orchestrator": ComponentSpec(flavor="local_docker")})
    assert [(change.action, change.kind) for change in changes(other, FLAVORS, as_declared())] == [
        ("create", "orchestrator"),
        ("update", "stack"),
    ]


def test_a_flavor_whose_settings_schema_changed_is_updated() -> None:
    newer = {"drivetrain_bentoml": ("stacks.flavors.x.Y", "another digest")}
    (change,) = changes(SPEC, newer, as_declared())
    assert (change.action, change.kind) == ("update", "flavor")
