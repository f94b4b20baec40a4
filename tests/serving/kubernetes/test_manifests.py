"""What is rendered for a cluster, and what is found in manifests that cannot work."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from schemas.errors import ConfigurationError
from schemas.journal_spec import JournalSpec
from serving.__main__ import main
from serving.keys import store
from serving.kubernetes.checks import checked
from serving.kubernetes.manifests import manifests, object_name
from serving.process import records
from serving.process.compose import compose
from tests.serving.kubernetes.changes import MEASURED, Manifest
from tests.serving.process.test_unit import deployment


def test_a_validator_and_our_checks_take_what_is_rendered(tmp_path: Path, rendered: list[Manifest]) -> None:
    text = manifests(deployment(tmp_path), MEASURED)
    assert checked(text) == [] and "&id" not in text
    for one in rendered:
        kubernetes_validate.validate(one, "1.37", strict=True)


def test_the_figures_are_those_that_were_measured(rendered: list[Manifest]) -> None:
    pods, _, scaler = rendered
    (container,) = pods["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["requests"] == {"cpu": "1200m", "memory": "287Mi"}
    assert {"name": "DRIVETRAIN_DEPLOY_DEADLINE", "value": "20.0"} in container["env"]
    assert pods["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 20
    assert "replicas" not in pods["spec"], "their number is the autoscaler's"
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 10)
    (metric,) = scaler["spec"]["metrics"]
    assert metric["resource"]["target"]["averageUtilization"] == round(100 * 0.7 * 1.13 / 1.2)


def test_where_telemetry_goes_is_in_the_secret(tmp_path: Path) -> None:
    pods, *_ = yaml.safe_load_all(manifests(deployment(tmp_path, telemetry=True), MEASURED))
    (container,) = pods["spec"]["template"]["spec"]["containers"]
    named = {one["name"]: one.get("valueFrom") for one in container["env"]}
    assert named["OTEL_EXPORTER_OTLP_HEADERS"]["secretKeyRef"]["key"] == "otlp-headers"
    assert "DRIVETRAIN_DEPLOY_TELEMETRY" in named
    kubernetes_validate.validate(pods, "1.37", strict=True)


def test_pods_have_what_compose_gives_a_container(tmp_path: Path) -> None:
    lookup = {"name": "c", "key": "id", "columns": ["age"], "url": "https://x/{key}"}
    lookups = [lookup | {"headers": {"authorization": {"env": "CRM_TOKEN"}}}]
    one = deployment(tmp_path, workers=2, drain_seconds=60.0, telemetry=True, route_by="x-customer", lookups=lookups)
    one = one.model_copy(update={"journal": JournalSpec(archive="/var/$archive", keep_days=30.0)})
    store.add(records.keys_path(tmp_path, "house"), "one", None)
    service = yaml.safe_load(compose(tmp_path, one))["services"]["house"]
    text = manifests(one, MEASURED)
    spec = next(yaml.safe_load_all(text))["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    given = {variable["name"]: variable for variable in container["env"]}
    assert [*given] == [*service["environment"]] and len(given) == len(container["env"])
    same = {name for name, variable in given.items() if variable.get("value") == service["environment"][name]}
    assert given.keys() - same == {"DRIVETRAIN_JOURNAL_URL", "CRM_TOKEN", *filter(lambda n: "OTEL" in n, given)}
    assert given["CRM_TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": "drivetrain-house", "key": "CRM_TOKEN"}}
    assert given["BENTOML_CONFIG_OPTIONS"]["value"] == "services.drivetrain.workers=2"
    assert given["DRIVETRAIN_JOURNAL_ARCHIVE"]["value"] == "/var/$$archive", "or the cluster looks for a variable"
    assert f"{spec['terminationGracePeriodSeconds']}s" == service["stop_grace_period"]
    assert spec["terminationGracePeriodSeconds"] > 60.0 + one.spec.deadline
    assert container["volumeMounts"][-1] == {"name": "archive", "mountPath": "/var/$archive"}
    assert spec["volumes"][-1]["persistentVolumeClaim"] == {"claimName": "drivetrain-house-archive"}
    head = text.partition("apiVersion")[0]
    assert "--from-literal=CRM_TOKEN=…" in head and "drivetrain-house-archive" in head
    assert checked(text) == []


def test_names_of_models_become_names_of_objects() -> None:
    assert object_name("house") == "drivetrain-house"
    odd = [object_name(name) for name in ("a_b", "a-b", "a" * 63, "a" * 62 + "b", "a_", "a-")]
    assert len(set(odd)) == len(odd) and all(len(name) <= 63 and "_" not in name and name[-1] != "-" for name in odd)


def test_the_command_says_all_of_it_and_ends_with_2(
    rendered: list[Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rendered[2]["spec"]["minReplicas"] = -2
    rendered[1]["spec"]["ports"][0]["port"] = 99_999
    file = tmp_path / "house.yaml"
    file.write_text(yaml.safe_dump_all(rendered))
    assert main(["manifest", str(file)]) == 2
    said = capsys.readouterr().err
    assert "HorizontalPodAutoscaler drivetrain-house.spec.minReplicas" in said and "99999" in said
    assert main(["manifest", str(tmp_path / "nowhere.yaml")]) == 2


def test_the_command_names_what_it_does_not_look_at(
    rendered: list[Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "house.yaml"
    file.write_text(
        yaml.safe_dump_all([*rendered, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}])
    )
    assert main(["manifest", str(file)]) == 0
    assert "; not looked at: ConfigMap a\n" in capsys.readouterr().out


def test_the_manifests_of_a_list_are_looked_at_one_by_one(rendered: list[Manifest]) -> None:
    rendered[1]["spec"]["ports"][0]["port"] = 99_999
    listed = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": rendered})
    assert [fault.message for fault in checked(listed)] == ["99999 is no port"]


ODD = "kind: Service\nspec: {ports: [{targetPort: [1]}]}\n---\nkind: Deployment\nspec: {selector: [1], strategy: 3}"
DAY = "kind: Service\nfrom: 2026-02-31"


@pytest.mark.parametrize("text", ["", "---\n", "- a\n- b", "just words", "kind: [", "spec: 3\nkind: Service", ODD, DAY])
def test_what_is_no_manifest_is_told(text: str) -> None:
    try:
        assert checked(text)
    except ConfigurationError as error:
        assert "YAML" in str(error)
