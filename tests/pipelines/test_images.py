"""The image of a step holds what steps need, as it is installed where the command runs, and nothing else."""

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.execution.images import image_settings, variables
from pipelines.execution.stack_needs import unreached
from stacks.packages import closure, closure_once, of_no_index, of_steps
from steps import installed
from tests.pipelines.test_stack_needs import load
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
    assert {"psycopg", "psycopg-binary"} <= closure(["psycopg[binary]>=3"]).keys()
    assert "psycopg-binary" not in closure(["psycopg>=3"])
    assert closure(["no-such-package", "psycopg; python_version < '3'"]) == {}


URLS = {
    "this machine": {"url": "file:///home/me/acme-platform", "dir_info": {"editable": True}},
    "a repository of git": {"url": "https://me:cnry7@git.example.org/acme", "vcs_info": {"vcs": "git"}},
    "an address": {"url": "https://me:cnry7@files.example.org/acme.whl", "archive_info": {}},
    "somewhere else": ["damaged"],
}


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A plug-in that depends on us, as an index gave it; give the folder of its metadata."""
    for name, needs, points in (
        ("acme_platform", "drivetrain\nRequires-Dist: acme-base", "[drivetrain.components]\nload.lake = acme:Lake\n"),
        ("acme_base", "numpy", ""),
        ("drivetrain", "numpy", ""),
    ):
        info = tmp_path / f"{name}-1.0.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\nRequires-Dist: {needs}\n")
        (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    for forget in (installed.clear_cache, closure_once.cache_clear):
        forget()
    yield tmp_path
    for forget in (installed.clear_cache, closure_once.cache_clear):
        forget()


@pytest.mark.usefixtures("plugin")
def test_a_plugin_is_in_the_image_and_our_own_package_is_not() -> None:
    held = {text.partition("==")[0]: text for text in of_steps([])}
    assert held["acme-platform"] == "acme-platform==1.0.0" and "acme-base" in held
    assert "drivetrain" not in held
    assert of_no_index([]) == {}


@pytest.mark.parametrize("origin", URLS)
def test_what_no_index_gave_is_refused_before_an_image_is_built(origin: str, plugin: Path) -> None:
    for name in ("acme_platform", "acme_base", "drivetrain"):
        (plugin / f"{name}-1.0.0.dist-info" / "direct_url.json").write_text(json.dumps(URLS[origin]))
    run = load("+experiment=breast_cancer")
    assert unreached(run) == []
    found = unreached(run.model_copy(update={"stack": filled("kubernetes")}))
    assert [fault.message.partition(",")[0] for fault in found] == [
        f"{name} is installed from {origin}" for name in ("acme-base", "acme-platform")
    ]
    assert "cnry7" not in str(found)


def test_texts_are_handed_to_containers_and_secrets_are_refused() -> None:
    spec = filled("sagemaker", {"environment": {"LEVEL": "debug", "TOKEN": {"env": "ACME_TOKEN"}}})
    assert variables(spec) == {"LEVEL": "debug"}
    assert set(wrong(spec)) == {"stack.environment.TOKEN"}
    assert variables(shipped("local", {"environment": {"LEVEL": "debug"}})) == {}
