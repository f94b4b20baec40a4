"""What is rendered for a cluster, and what is found in manifests that cannot work."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from schemas.capacity import CapacityRecord
from schemas.errors import ConfigurationError
from schemas.journal_spec import JournalSpec
from serving.__main__ import main
from serving.keys import store
from serving.kubernetes.checks import checked
from serving.kubernetes.manifests import manifests, object_name
from serving.process import records
from serving.process.compose import compose
from tests.serving.process.test_unit import deployment

Manifest = dict[str, Any]
MEASURED = CapacityRecord(
    version="3",
    requests_per_second=2500.0,
    at_least=False,
    latency_budget=0.1,
    rows_per_request=1,
    p50_seconds=0.002,
    p99_seconds=0.08,
    memory_bytes=240_000_000,
    cpu_cores=1.13,
    start_seconds=2.2,
    planned=1750.0,
    min_replicas=2,
    max_replicas=10,
    sent=100,
)


@pytest.fixture
def rendered(tmp_path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(manifests(deployment(tmp_path, deadline=20.0), MEASURED)))


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


def pods(one: list[Manifest]) -> Manifest:
    found: Manifest = one[0]["spec"]["template"]["spec"]
    return found


def change(*steps: Any) -> Callable[[list[Manifest]], None]:
    """Return what puts the last of `steps` where the others lead."""

    def changed(parts: list[Manifest]) -> None:
        at: Any = parts
        *path, key, value = steps
        for step in path:
            at = at[step]
        at[key] = value

    return changed


POD = (0, "spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
ROLLING = (0, "spec", "strategy", "rollingUpdate")
HOUSE = {"app.kubernetes.io/name": "drivetrain-house"}
HTTP = {"name": "http", "port": 80, "targetPort": "http"}
INIT = {"name": "before", "image": "busybox"}
EXPRESSION = {"key": "app.kubernetes.io/name", "operator": "In", "values": ["drivetrain-house"]}
TARGET = (2, "spec", "metrics", 0, "resource", "target")
PLANTED = {
    "minReplicas": change(2, "spec", "minReplicas", -2),
    "at least (minReplicas)": change(2, "spec", "minReplicas", 11),
    "replicas at most cannot be": change(2, "spec", "maxReplicas", 0),
    "percent cannot be": change(*TARGET, "averageUtilization", 0),
    "no type of a target": change(*TARGET, "type", "Percentage"),
    "nothing is": change(2, "spec", "metrics", 0, "type", "Pods"),
    "goes by no figure": change(2, "spec", "metrics", []),
    "there is no Deployment": change(2, "spec", "scaleTargetRef", "name", "drivetrain-horse"),
    "stabilizationWindowSeconds": change(2, "spec", "behavior", "scaleDown", "stabilizationWindowSeconds", 5000),
    "periodSeconds: 0": change(2, "spec", "behavior", "scaleUp", "policies", 0, "periodSeconds", 0),
    "an autoscaler decides": change(0, "spec", "replicas", 3),
    "-1 replicas cannot be": change(0, "spec", "replicas", -1),
    "chooses none of its own pods": change(0, "spec", "selector", "matchLabels", {"app": "other"}),
    "it chooses no pods of the Deployments": change(1, "spec", "selector", {"app.kubernetes.io/name": "other"}),
    "99999 is no port": change(1, "spec", "ports", 0, "port", 99999),
    "0 is no port": change(*CONTAINER, "ports", 0, "containerPort", 0),
    "the pods have no port": change(1, "spec", "ports", 0, "targetPort", "https"),
    "the container has no port": change(*CONTAINER, "readinessProbe", "httpGet", "port", 8080),
    "name of a port": change(*CONTAINER, "ports", 0, "name", "Bad_Port"),
    "'Bad Name!' cannot be a name": change(*CONTAINER, "name", "Bad Name!"),
    "'Drivetrain' cannot be a name": change(1, "metadata", "name", "Drivetrain"),
    "'1house' cannot be a name": change(1, "metadata", "name", "1house"),
    "value of a label": change(0, "metadata", "labels", {"app": "no blanks here"}),
    "key of a label": change(0, "metadata", "labels", {"app/of/house": "x"}),
    "'banana' is no quantity": change(*CONTAINER, "resources", "requests", "cpu", "banana"),
    "only whole ones": change(*CONTAINER, "resources", "limits", {"nvidia.com/gpu": "1.5"}),
    "more than its limit": change(*CONTAINER, "resources", "limits", {"memory": "1Mi"}),
    "no resource 'ram'": change(*CONTAINER, "resources", "limits", {"ram": "1Gi"}),
    "there is no volume 'cache'": change(*CONTAINER, "volumeMounts", 0, "name", "cache"),
    "name of a variable": change(*CONTAINER, "env", 1, "name", "1 KEY"),
    "failureThreshold: 0": change(*CONTAINER, "livenessProbe", "failureThreshold", 0),
    "nodePort: 99999": change(
        1, "spec", {"type": "NodePort", "selector": HOUSE, "ports": [HTTP | {"nodePort": 99999}]}
    ),
    "type ClusterIP has none": change(1, "spec", "ports", 0, "nodePort", 30080),
    "one of several ports needs": change(1, "spec", "ports", [HTTP, {"port": 81, "targetPort": "http"}]),
    "80 is there twice": change(1, "spec", "ports", [HTTP, HTTP | {"name": "b", "protocol": "TCP"}]),
    "no type of a service": change(1, "spec", "type", "Cluster"),
    "externalName: None": change(1, "spec", {"type": "ExternalName"}),
    "hostPort: 70000": change(*CONTAINER, "ports", 0, "hostPort", 70000),
    "tcpSocket.port: ": change(*CONTAINER, "livenessProbe", {"tcpSocket": {"port": 99999}}),
    "initContainers[0].name": change(*POD, "initContainers", [{"name": "B_D", "image": "x"}]),
    "initContainers[0].resources": change(*POD, "initContainers", [INIT | {"resources": {"limits": {"cpu": "lots"}}}]),
    "'service' is there twice": change(*POD, "initContainers", [INIT | {"name": "service"}]),
    "sizeLimit": change(*POD, "volumes", 0, "emptyDir", {"sizeLimit": "-5Gi"}),
    "secretName": change(*POD, "volumes", 2, "secret", "secretName", "A_B!"),
    "claimName": change(*POD, "volumes", 1, {"name": "tmp", "persistentVolumeClaim": {"claimName": "A"}}),
    "'data' is there twice": change(*POD, "volumes", 1, "name", "data"),
    "'/data' is there twice": change(*CONTAINER, "volumeMounts", 1, "mountPath", "/data"),
    "there is no image": change(*CONTAINER, "image", ""),
    "cannot be a key": change(*CONTAINER, "env", 0, "valueFrom", "secretKeyRef", "key", "no key"),
    "could ever be replaced": change(*ROLLING, {"maxSurge": 0, "maxUnavailable": "0%"}),
    "'lots' pods cannot be": change(*ROLLING, {"maxSurge": "lots"}),
    "Recreate has no": change(0, "spec", "strategy", "type", "Recreate"),
    "initialDelaySeconds: -5": change(*CONTAINER, "livenessProbe", "initialDelaySeconds", -5),
    "-1 seconds": change(*POD, "terminationGracePeriodSeconds", -1),
    "True replicas at most": change(2, "spec", "maxReplicas", True),
    "cannot be scaled": change(2, "spec", "scaleTargetRef", "kind", "Deploymint"),
    "requests.cpu: it asks for none": change(*CONTAINER, "resources", {"requests": {"memory": "1Gi"}}),
    "NotIn of": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION | {"operator": "NotIn"}]}),
    "is no operator": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION | {"operator": "Is"}]}),
    "takes one value": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION | {"values": []}]}),
    "has no HorizontalPodAutoscaler": change(2, "apiVersion", "autoscaling/v1"),
    "is not looked at": change(2, "kind", "HorizontalPodScaler"),
}


@pytest.mark.parametrize("said", PLANTED)
def test_what_cannot_work_is_found_at_its_place(rendered: list[Manifest], said: str) -> None:
    parts = copy.deepcopy(rendered)
    PLANTED[said](parts)
    found = [str(fault) for fault in checked(yaml.safe_dump_all(parts))]
    assert any(said in fault for fault in found), found
    assert len(found) <= (5 if "port" in said else 2), "what follows from one fault, not more"


LEGAL = {
    "expressions alone": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION]}),
    "a name for what is elsewhere": change(1, "spec", {"type": "ExternalName", "externalName": "house.example.com"}),
    "a number of two protocols": change(1, "spec", "ports", [HTTP, HTTP | {"name": "udp", "protocol": "UDP"}]),
    "a port of the nodes": change(
        1, "spec", {"type": "NodePort", "selector": HOUSE, "ports": [HTTP | {"nodePort": 30080}]}
    ),
    "a container before the others": change(*POD, "initContainers", [INIT]),
    "a probe by TCP": change(*CONTAINER, "livenessProbe", {"tcpSocket": {"port": "http"}, "initialDelaySeconds": 0}),
    "no surge": change(*ROLLING, {"maxSurge": 0}),
    "all at once": change(0, "spec", "strategy", {"type": "Recreate"}),
    "what is not asked for is the limit": change(*CONTAINER, "resources", {"limits": {"cpu": "2"}}),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_a_cluster_takes_is_let_through(rendered: list[Manifest], name: str) -> None:
    LEGAL[name](rendered)
    assert checked(yaml.safe_dump_all(rendered)) == []


def test_the_command_says_all_of_it_and_ends_with_2(
    rendered: list[Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for said in ("minReplicas", "99999 is no port"):
        PLANTED[said](rendered)
    file = tmp_path / "house.yaml"
    file.write_text(yaml.safe_dump_all(rendered))
    assert main(["manifest", str(file)]) == 2
    said = capsys.readouterr().err
    assert "HorizontalPodAutoscaler drivetrain-house.spec.minReplicas" in said and "99999" in said
    assert main(["manifest", str(tmp_path / "nowhere.yaml")]) == 2


ODD = "kind: Service\nspec: {ports: [{targetPort: [1]}]}\n---\nkind: Deployment\nspec: {selector: [1], strategy: 3}"


@pytest.mark.parametrize("text", ["", "---\n", "- a\n- b", "just words", "kind: [", "spec: 3\nkind: Service", ODD])
def test_what_is_no_manifest_is_told(text: str) -> None:
    try:
        assert checked(text)
    except ConfigurationError as error:
        assert "YAML" in str(error)
