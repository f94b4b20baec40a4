"""The image of a step holds what steps need, as it is installed where the command runs, and nothing else."""

from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.execution.images import image_settings, variables
from stacks.packages import closure, of_steps
from tests.stacks.checks.filled import filled, shipped, wrong


def test_a_stack_without_containers_has_no_images() -> None:
    assert image_settings(shipped("local")) == {}


def test_an_image_has_the_packages_of_this_environment() -> None:
    docker = image_settings(filled("kubernetes"))["docker"]
    assert f"zenml=={metadata.version('zenml')}" in docker.requirements
    assert f"keras=={metadata.version('keras')}" in docker.requirements
    assert not {"pytest", "mypy", "ray"} & {text.partition("==")[0] for text in docker.requirements}
    assert docker.python_package_installer_args == {"no-deps": None}
    assert not docker.install_stack_requirements


def test_nothing_that_a_package_needs_is_left_out() -> None:
    held = {text.partition("==")[0] for text in of_steps([])}
    for name in held:
        needed = [Requirement(text) for text in metadata.requires(name) or []]
        always = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
        assert {canonicalize_name(one.name) for one in always} <= held, name


def test_an_extra_brings_what_it_asks_for() -> None:
    assert {"psycopg", "psycopg-binary"} <= {text.partition("==")[0] for text in closure(["psycopg[binary]>=3"])}
    assert "psycopg-binary" not in {text.partition("==")[0] for text in closure(["psycopg>=3"])}
    assert closure(["no-such-package", "psycopg; python_version < '3'"]) == []


def test_texts_are_handed_to_containers_and_secrets_are_refused() -> None:
    spec = filled("sagemaker", {"environment": {"LEVEL": "debug", "TOKEN": {"env": "ACME_TOKEN"}}})
    assert variables(spec) == {"LEVEL": "debug"}
    assert set(wrong(spec)) == {"stack.environment.TOKEN"}
    assert variables(shipped("local", {"environment": {"LEVEL": "debug"}})) == {}
