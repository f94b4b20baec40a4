"""The difference between a declared stack and what ZenML has."""

from typing import Any

from schemas.plan import PlannedChange
from schemas.stack import ComponentSpec, StackSpec
from stacks.declared import component_name, parts, rendered, stack_name
from stacks.plan import Component, Existing, changes

SPEC = StackSpec(
    name="here",
    orchestrator=ComponentSpec(flavor="local"),
    artifact_store=ComponentSpec(flavor="local", settings={"path": "/data"}),
    deployer=ComponentSpec(flavor="drivetrain_bentoml"),
)
FLAVORS = {"drivetrain_bentoml": ("stacks.flavors.x.Y", "digest")}


def has(*specs: StackSpec, **other: Component) -> Existing:
    """Return what ZenML has where `specs` were applied; `other` are further artifact stores by name."""
    return Existing(
        flavors=FLAVORS,
        components={
            **{
                (part.kind, part.name): Component(part.flavor, part.settings, part.connector, part.connector_resource)
                for spec in specs
                for part in parts(spec)
            },
            **{("artifact_store", name): found for name, found in other.items()},
        },
        stacks={stack_name(spec): {part.kind: (part.name,) for part in parts(spec)} for spec in specs},
    )


def planned(
    spec: StackSpec, existing: Existing, flavors: dict[str, tuple[str, str]] | None = None
) -> list[PlannedChange]:
    return changes(stack_name(spec), parts(spec), FLAVORS if flavors is None else flavors, existing)


def made(spec: StackSpec, existing: Existing) -> list[tuple[str, str]]:
    return [(change.action, change.kind) for change in planned(spec, existing) if change.changes]


def store(**settings: Any) -> StackSpec:
    return SPEC.model_copy(update={"artifact_store": ComponentSpec(flavor="local", settings=settings)})


def test_from_nothing_flavors_come_before_components_and_the_stack_is_last() -> None:
    found = planned(SPEC, Existing())
    assert [change.kind for change in found] == ["flavor", "orchestrator", "artifact_store", "deployer", "stack"]
    assert {change.action for change in found} == {"create"}


def test_a_stack_as_declared_stays_and_is_shown_as_unchanged() -> None:
    assert {change.action for change in planned(SPEC, has(SPEC))} == {"unchanged"}


def test_a_changed_declaration_is_another_component_and_an_updated_stack() -> None:
    existing = has(SPEC)
    found = {change.kind: change for change in planned(store(path="/elsewhere"), existing) if change.changes}
    assert found.keys() == {"artifact_store", "stack"}
    assert (found["artifact_store"].action, found["artifact_store"].details["path"]) == ("create", "/elsewhere")
    assert "→" in found["stack"].details["artifact_store"]


def test_a_component_that_is_no_longer_declared_leaves_the_stack() -> None:
    bare = SPEC.model_copy(update={"deployer": None})
    assert made(bare, has(SPEC)) == [("update", "stack")]


def test_what_was_changed_by_hand_is_restored_and_says_what_it_was() -> None:
    name = component_name(ComponentSpec(flavor="local", settings={"path": "/data"}))
    existing = has(SPEC, **{name: Component("local", {"path": "/by-hand", "more": 1})})
    (change,) = [change for change in planned(SPEC, existing) if change.changes]
    assert (change.action, change.kind) == ("restore", "artifact_store")
    assert change.details == {"more": "1 → nothing", "path": "/by-hand → /data"}


def test_a_connector_that_was_taken_away_by_hand_is_restored() -> None:
    spec = SPEC.model_copy(update={"artifact_store": ComponentSpec(flavor="s3", connector="aws")})
    (part,) = [part for part in parts(spec) if part.kind == "artifact_store"]
    existing = has(spec, **{part.name: Component("s3", {})})
    assert made(spec, existing) == [("restore", "artifact_store")]


def test_stacks_that_declare_the_same_component_share_it() -> None:
    other = SPEC.model_copy(update={"name": "there", "orchestrator": ComponentSpec(flavor="elsewhere")})
    assert made(other, has(SPEC)) == [("create", "orchestrator"), ("create", "stack")]


def test_an_equal_component_of_another_name_is_kept_since_artifacts_and_deployments_belong_to_it() -> None:
    existing = Existing(
        flavors=FLAVORS,
        components={
            ("orchestrator", "drivetrain-here-local"): Component("local", {}),
            ("artifact_store", "drivetrain-here-local"): Component("local", {"path": "/data"}),
            ("deployer", "drivetrain-here-bentoml"): Component("drivetrain_bentoml", {}),
        },
        stacks={
            "drivetrain-here": {
                "orchestrator": ("drivetrain-here-local",),
                "artifact_store": ("drivetrain-here-local",),
                "deployer": ("drivetrain-here-bentoml",),
            }
        },
    )
    assert made(SPEC, existing) == []
    beside = SPEC.model_copy(update={"name": "there"})
    assert made(beside, existing) == [("create", "stack")]


def test_a_flavor_whose_settings_schema_changed_is_updated() -> None:
    newer = {"drivetrain_bentoml": ("stacks.flavors.x.Y", "another digest")}
    (change,) = [change for change in planned(SPEC, has(SPEC), newer) if change.changes]
    assert (change.action, change.kind) == ("update", "flavor")


def test_what_no_stack_uses_is_shown_and_left() -> None:
    existing = has(SPEC, left=Component("local", {"path": "/old"}, used=False))
    (orphan,) = [change for change in planned(SPEC, existing) if change.action == "orphan"]
    assert (orphan.kind, orphan.name, orphan.changes) == ("artifact_store", "left", False)


def test_a_secret_is_rendered_as_zenml_refers_to_it_however_deep_it_stands() -> None:
    settings = {"token": {"secret": "hub", "key": "token"}, "more": {"list": [{"secret": "a", "key": "b"}]}}
    assert rendered(settings) == {"token": "{{hub.token}}", "more": {"list": ["{{a.b}}"]}}


def test_two_flavors_whose_names_begin_alike_are_two_components() -> None:
    ours = SPEC.model_copy(
        update={"artifact_store": ComponentSpec(flavor="drivetrain_s3", settings={"path": "s3://b"})}
    )
    theirs = ours.model_copy(update={"artifact_store": ComponentSpec(flavor="s3", settings={"path": "s3://b"})})
    assert ("create", "artifact_store") in made(theirs, has(ours))
    plain = SPEC.model_copy(update={"artifact_store": ComponentSpec(flavor="drivetrain_local")})
    bare = SPEC.model_copy(update={"artifact_store": ComponentSpec(flavor="local")})
    found = {change.kind: change for change in planned(bare, has(plain))}
    assert found["artifact_store"].action == "create" and found["artifact_store"].name == "drivetrain-local-local"
