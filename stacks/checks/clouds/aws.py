"""What AWS would refuse: roles, regions, buckets, registries, machine types and bounds of SageMaker."""

import re

from schemas.errors import Fault
from schemas.stack import StackSpec
from stacks.checks.clouds import aws_machines
from stacks.checks.clouds.aws_lists import lists
from stacks.checks.clouds.declared import Declared, declared
from stacks.checks.clouds.machines import asked_too_much, region_faults

_ROLE = r"arn:(aws[a-z\-]*):iam::[0-9]{12}:role/[\w+=,.@/\-]+"
_ROLE_EXAMPLE = "it begins with arn:aws:iam::, then twelve digits of the account and :role/NAME"
_ECR = r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9\-]+)\.amazonaws\.(?:com|com\.cn|eu)"
_REPOSITORY = r"[a-z0-9]+(?:[._/\-][a-z0-9]+)*"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_BUCKET_RULE = "3 to 63 lower-case letters, digits, dots and hyphens, beginning and ending with a letter or digit"
_RESERVED = re.compile(r"(?:xn--|sthree-|amzn-s3-demo-).*|.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)")
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")


def faults(spec: StackSpec) -> list[Fault]:
    """Return what AWS would refuse of a stack's components."""
    found: list[Fault] = []
    orchestrator = declared(spec, "orchestrator")
    if orchestrator.flavor == "sagemaker":
        found += _sagemaker(spec, orchestrator) + _job(spec, orchestrator)
    store = declared(spec, "artifact_store")
    if store.flavor in ("s3", "drivetrain_s3"):
        found += _s3(spec, store)
    registry = declared(spec, "container_registry")
    if registry.flavor == "aws":
        found += _ecr(spec, registry, orchestrator)
    builder = declared(spec, "image_builder")
    if builder.flavor == "aws":
        found += builder.required("code_build_project", "drivetrain")
        found += builder.matching(
            "code_build_project",
            r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}",
            "name of a CodeBuild project",
            "letters, digits, - and _",
        )
        found += builder.among("compute_type", lists()["codebuild"], "compute type of CodeBuild")
    return found


def regions() -> list[str]:
    """Return the regions of all partitions."""
    return [region for found in lists()["regions"].values() for region in found]


def bucket_fault(place: Declared, name: str, bucket: str) -> list[Fault]:
    """Return why S3 would refuse the name of a bucket."""
    if _BUCKET.fullmatch(bucket) and ".." not in bucket and not _ADDRESS.fullmatch(bucket):
        if not _RESERVED.fullmatch(bucket):
            return []
        return [place.fault(name, f"S3 keeps names like {bucket!r} for itself", "choose another name")]
    return [place.fault(name, f"{bucket!r} is no name of an S3 bucket", _BUCKET_RULE)]


def _sagemaker(spec: StackSpec, place: Declared) -> list[Fault]:
    found = place.required("execution_role", "arn:aws:iam::ACCOUNT:role/NAME") + place.required(
        "region", "eu-central-1"
    )
    for role in ("execution_role", "scheduler_role", "aws_auth_role_arn"):
        found += place.matching(role, _ROLE, "ARN of an IAM role", _ROLE_EXAMPLE)
    region = place.text("region")
    if region is not None:
        found += region_faults(place.at("region"), region, regions(), spec, "AWS")
        found += _other_partition(place, region)
    bucket = place.text("bucket")
    if bucket is not None:
        found += bucket_fault(place, "bucket", bucket)
    for name in ("input_data_s3_uri", "output_data_s3_uri"):
        found += place.matching(name, r"s3://.+", "S3 address", "s3://BUCKET/PREFIX")
    return found


def _other_partition(place: Declared, region: str) -> list[Fault]:
    """Return a fault where role and region belong to separate parts of AWS, between which nothing is shared."""
    role = re.fullmatch(_ROLE, place.text("execution_role") or "")
    partition = next((name for name, found in lists()["regions"].items() if region in found), None)
    if role is None or partition is None or role[1] == partition:
        return []
    return [place.fault("execution_role", f"is a role in {role[1]!r}, and region {region!r} is of {partition!r}")]


def _job(spec: StackSpec, place: Declared) -> list[Fault]:
    """Check what a job of SageMaker is given: its machine, and its bounds."""
    job = "processing" if place.values.get("use_training_step") is False else "training"
    catalog = aws_machines.sagemaker(job)
    path = place.at("instance_type")
    default = "ml.m5.xlarge" if job == "training" else "ml.t3.medium"  # ZenML's
    name = place.text("instance_type") or default
    found = catalog.faults(path, name, spec)
    machine = catalog.machine(name, spec)
    if machine is not None:
        found += asked_too_much(spec, name, machine, path)
    found += place.within("volume_size_in_gb", 1, 16384, "GB")
    found += place.within("max_runtime_in_seconds", 1, 432_000, "seconds")
    found += place.within("keep_alive_period_in_seconds", 0, 21_600, "seconds")
    found += place.among("input_data_s3_mode", ["File", "Pipe", "FastFile"], "input mode of SageMaker")
    found += place.among("output_data_s3_mode", ["EndOfJob", "Continuous"], "output mode of SageMaker")
    return found


def _s3(spec: StackSpec, place: Declared) -> list[Fault]:
    found = place.required("path", "s3://BUCKET/PREFIX")
    found += place.matching("path", r"s3://.+", "S3 address", "s3://BUCKET/PREFIX")
    path = place.text("path")
    if path is not None and path.startswith("s3://"):
        found += bucket_fault(place, "path", path.removeprefix("s3://").split("/")[0])
    client = place.inside("client_kwargs")
    region = client.text("region_name")
    if region is not None and client.text("endpoint_url") is None:  # other S3 servers name their regions as they like
        found += region_faults(client.at("region_name"), region, regions(), spec, "AWS")
    return found


def _ecr(spec: StackSpec, place: Declared, orchestrator: Declared) -> list[Fault]:
    found = place.required("uri", "ACCOUNT.dkr.ecr.REGION.amazonaws.com")
    uri = place.text("uri")
    if uri is not None:
        found += _ecr_uri(spec, place, uri, orchestrator)
    what = "name of an ECR repository"
    return found + place.matching("default_repository", _REPOSITORY, what, "lower-case letters, digits, . _ - and /")


def _ecr_uri(spec: StackSpec, place: Declared, uri: str, orchestrator: Declared) -> list[Fault]:
    parts = re.fullmatch(_ECR, uri)
    if parts is None:
        shape = (
            "ACCOUNT.dkr.ecr.REGION.amazonaws.com, the account in twelve digits; a repository is a default_repository"
        )
        return [place.fault("uri", f"{uri!r} is no address of an ECR registry", shape)]
    found = region_faults(place.at("uri"), parts["region"], regions(), spec, "AWS")
    wanted = orchestrator.text("region") if orchestrator.flavor == "sagemaker" else None
    if not found and wanted is not None and wanted != parts["region"]:
        what = f"is in {parts['region']!r}, and SageMaker in {wanted!r}: it takes images of its own region only"
        found.append(place.fault("uri", what, f"push to {uri.replace(parts['region'], wanted)}"))
    return found
