"""What Google Cloud would refuse: projects, locations, buckets, registries, service accounts, Vertex's machines."""

import re

from schemas.errors import Fault
from schemas.stack import StackSpec
from stacks.checks.clouds.declared import Declared, declared
from stacks.checks.clouds.gcp_machines import accelerators, regions
from stacks.checks.clouds.machines import region_faults
from stacks.checks.clouds.vertex_jobs import job_faults

PROJECT = r"(?:[a-z][a-z0-9.\-]*[a-z0-9]:)?[a-z][a-z0-9\-]{4,28}[a-z0-9]"
_PROJECT_RULE = "6 to 30 lower-case letters, digits and hyphens, beginning with a letter: the id, not the name"
_ACCOUNT = r"[a-z0-9\-]+@(?:[a-z0-9.\-]+\.)?(?:iam|developer|appspot)\.gserviceaccount\.com"
_ACCOUNT_RULE = "NAME@PROJECT.iam.gserviceaccount.com"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._\-]{1,220}[a-z0-9]")
_BUCKET_RULE = (
    "3 to 63 lower-case letters, digits, hyphens, underscores and dots; no goog at its beginning, no google in it"
)
_REGISTRY = (
    r"(?P<place>[a-z0-9\-]+)-docker\.pkg\.dev/(?P<project>[^/]+)/(?P<repository>[a-z]([a-z0-9\-]{0,61}[a-z0-9])?)"
)
_MULTI_REGIONS = ("us", "europe", "asia")
_NETWORK = r"projects/[^/]+/global/networks/[a-z]([\-a-z0-9]*[a-z0-9])?"
_KEY = r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+"


def faults(spec: StackSpec) -> list[Fault]:
    """Return what Google Cloud would refuse of a stack's components."""
    found: list[Fault] = []
    orchestrator, store = declared(spec, "orchestrator"), declared(spec, "artifact_store")
    if orchestrator.flavor == "vertex":
        found += _vertex(spec, orchestrator, store) + job_faults(spec, orchestrator)
    if orchestrator.flavor == "vm_gcp":
        found += _project(orchestrator)
    if store.flavor == "gcp":
        found += store.required("path", "gs://BUCKET/PREFIX")
        found += store.matching("path", r"gs://.+", "address in Cloud Storage", "gs://BUCKET/PREFIX")
        found += _bucket(store, "path")
    registry = declared(spec, "container_registry")
    if registry.flavor == "gcp":
        found += _registry(spec, registry)
    builder = declared(spec, "image_builder")
    if builder.flavor == "gcp":
        found += _project(builder) + _location(spec, builder)
    return found


def _project(place: Declared) -> list[Fault]:
    return place.matching("project", PROJECT, "id of a Google Cloud project", _PROJECT_RULE)


def _location(spec: StackSpec, place: Declared) -> list[Fault]:
    location = place.text("location")
    if location is None:
        return []
    return region_faults(place.at("location"), location, regions(), spec, "Google Cloud")


def _bucket(place: Declared, name: str) -> list[Fault]:
    address = place.text(name)
    if address is None or not address.startswith("gs://"):
        return []
    bucket = address.removeprefix("gs://").split("/")[0]
    parts_fit = all(len(part) <= 63 for part in bucket.split("."))
    own = bucket.startswith("goog") or "google" in bucket or ".." in bucket
    if _BUCKET.fullmatch(bucket) and parts_fit and not own:
        return []
    return [place.fault(name, f"{bucket!r} is no name of a bucket", _BUCKET_RULE)]


def _vertex(spec: StackSpec, place: Declared, store: Declared) -> list[Fault]:
    found = place.required("location", "europe-west4") + _location(spec, place) + _project(place)
    for name in ("workload_service_account", "function_service_account", "scheduler_service_account"):
        found += place.matching(name, _ACCOUNT, "address of a service account", _ACCOUNT_RULE)
    found += place.matching("network", _NETWORK, "network of Google Cloud", "projects/NUMBER/global/networks/NAME")
    hint = "projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY"
    found += place.matching("encryption_spec_key_name", _KEY, "key of Cloud KMS", hint)
    found += place.matching("pipeline_root", r"gs://.+", "address in Cloud Storage", "gs://BUCKET/PREFIX")
    found += _bucket(place, "pipeline_root")
    if store.flavor != "gcp" and place.text("pipeline_root") is None:
        what = (
            f"is not declared, and the artifact store is {store.flavor!r}: Vertex keeps its pipelines in Cloud Storage"
        )
        found.append(place.fault("pipeline_root", what, "gs://BUCKET/PREFIX, or stack.artifact_store.flavor=gcp"))
    return found + _gpus_of_steps(spec, place)


def _gpus_of_steps(spec: StackSpec, place: Declared) -> list[Fault]:
    """A step of Vertex gets GPUs only of a named kind; without one it runs without, and nobody is told."""
    kind = _accelerator(place)
    if kind is None:
        hint = f"say which: {place.at('node_selector_constraint')}=[cloud.google.com/gke-accelerator,NVIDIA_TESLA_T4]"
        what = "Vertex gives no GPU unless its kind is declared"
        custom = bool(place.mapping("custom_job_parameters"))
        wanting = [] if custom else [step for step, need in spec.resources.items() if need.gpu_count]
        return [Fault(f"stack.resources.{step}.gpu_count", what, hint) for step in wanting]
    name, path = kind
    counts = accelerators().get(name)
    if counts is None:
        if name in spec.newer.accelerators:
            return []
        hint = f"known: {', '.join(accelerators())}; one newer than our lists is declared by stack.newer.accelerators"
        return [Fault(path, f"Vertex has no accelerator {name!r}", hint)]
    return [
        Fault(
            f"stack.resources.{step}.gpu_count", f"no machine has {need.gpu_count} of {name}", f"it may have {counts}"
        )
        for step, need in spec.resources.items()
        if need.gpu_count and need.gpu_count not in counts
    ]


def _accelerator(place: Declared) -> tuple[str, str] | None:
    """Return the kind of GPU that steps get, and where it was declared."""
    selectors = place.inside("pod_settings").inside("node_selectors")
    of_pods = selectors.text("cloud.google.com/gke-accelerator")
    if of_pods is not None:
        return of_pods, selectors.at("cloud.google.com/gke-accelerator")
    constraint = place.entries("node_selector_constraint")
    if len(constraint) == 2 and isinstance(constraint[1], str):
        return constraint[1], place.at("node_selector_constraint")
    return None


def _registry(spec: StackSpec, place: Declared) -> list[Fault]:
    found = place.required("uri", "REGION-docker.pkg.dev/PROJECT/REPOSITORY")
    uri = place.text("uri")
    if uri is None or re.fullmatch(r"(?:[a-z]+\.)?gcr\.io/[a-z0-9:.\-/]+", uri):
        return found
    parts = re.fullmatch(_REGISTRY, uri)
    if parts is None:
        shape = "REGION-docker.pkg.dev/PROJECT/REPOSITORY"
        return [*found, place.fault("uri", f"{uri!r} is no repository of Artifact Registry", shape)]
    if parts["place"] not in _MULTI_REGIONS:
        found += region_faults(place.at("uri"), parts["place"], regions(), spec, "Artifact Registry")
    if not re.fullmatch(PROJECT, parts["project"]):
        found.append(place.fault("uri", f"{parts['project']!r} is no id of a Google Cloud project", _PROJECT_RULE))
    return found
