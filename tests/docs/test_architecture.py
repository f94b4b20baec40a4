"""What the pages say of the repository itself: its rooms, its commands, its hooks."""

import re

import pytest
import yaml

from schemas.home import ROOT

HOUSES = ("ml", "serving", "cli", "pipelines", "steps")
_ROOM = re.compile(rf"`((?:{'|'.join(HOUSES)})/\w+)/`")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_page_on_the_architecture_names_every_room_and_no_other() -> None:
    _, _, table = text("docs/architecture.md").partition("## The rooms")
    rooms = {
        path.parent.relative_to(ROOT).as_posix() for house in HOUSES for path in (ROOT / house).glob("*/__init__.py")
    }
    assert set(_ROOM.findall(table)) == rooms


def test_every_file_that_the_page_on_the_architecture_names_is_there() -> None:
    paths = re.findall(r"`([a-z]\w+/[\w/]+\.py)`", text("docs/architecture.md"))
    assert len(paths) > 5 and [path for path in paths if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run", ".pre-commit-config.yaml"])
def test_every_make_target_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text(page), re.MULTILINE))
    assert named and named <= set(_TARGET.findall(text("Makefile")))


def test_the_makefile_explains_every_target() -> None:
    explained = re.findall(r"^# make ([a-z]+) ", text("Makefile"), re.MULTILINE)
    assert sorted(explained) == sorted(_TARGET.findall(text("Makefile")))


def test_the_hooks_before_a_commit_are_the_parts_of_make_lint() -> None:
    (local,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert local["repo"] == "local"
    hooks = {hook["entry"].split(" --")[0] for hook in local["hooks"]}
    lint = text("Makefile").partition("\nlint:")[2].partition("\n\n")[0]
    asked = {line.strip().removesuffix(" .").split(" --")[0] for line in lint.splitlines()[1:]}
    assert hooks == asked


def test_the_workflow_calls_what_any_machine_can_call() -> None:
    steps = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]["run"]["steps"]
    assert steps[-1] == {"run": "bash .ci/run"}
