"""The regions and machine types of AWS, as botocore's service models list them.

`aws.json` is what botocore 1.43 says (November 2026), and a test compares it with the botocore that is locked.
`python -m stacks.checks.clouds.aws_lists` writes it anew. What each type has stands in `aws_machines.py`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("aws.json")


@cache
def lists() -> dict[str, Any]:
    """Return the lists as they are shipped."""
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def from_botocore() -> dict[str, Any]:
    """Return the lists as the installed botocore has them."""
    import botocore.session

    loader = botocore.session.Session().get_component("data_loader")
    sagemaker = loader.load_service_model("sagemaker", "service-2")["shapes"]
    partitions = loader.load_data("endpoints")["partitions"]
    return {
        "source": "botocore's endpoints and service models of ec2, sagemaker and codebuild",
        "regions": {
            each["partition"]: sorted(each["regions"])
            for each in partitions
            if "-iso" not in each["partition"]  # of agencies, which no reader of this can use
        },
        "ec2": _families(loader.load_service_model("ec2", "service-2")["shapes"]["InstanceType"]["enum"]),
        "sagemaker": {
            "training": _families(sagemaker["TrainingInstanceType"]["enum"]),
            "processing": _families(sagemaker["ProcessingInstanceType"]["enum"]),
        },
        "codebuild": sorted(
            loader.load_service_model("codebuild", "service-2")["shapes"]["ComputeType"]["enum"],
        ),
    }


def _families(names: list[str]) -> dict[str, str]:
    sizes: dict[str, list[str]] = {}
    for name in sorted(names):
        family, _, size = name.rpartition(".")
        sizes.setdefault(family, []).append(size)
    return {family: " ".join(found) for family, found in sizes.items()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(from_botocore(), indent=1) + "\n", encoding="utf-8")
