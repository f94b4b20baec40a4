"""The troubleshooting page shows what its commands really print."""

import pytest

from schemas.home import ROOT
from tests.lifecycle.conftest import World
from tests.lifecycle.console import Example, examples, printed

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]  # a world in which nothing was deployed yet

PAGE = ROOT / "docs" / "troubleshooting.md"
EXAMPLES = examples(PAGE)
_TOP = "# @package _global_\ndefaults:\n  - override /data: csv\n  - override /trainer: {trainer}\nname: {name}\n"
_HIDDEN = """\
data: {path: mine/orders.csv, target: returned}
trainer:
  rules:
    - {when: {column: weight, above: 3}, then: 'yes'}
    - {when: {column: weight, above: 5}, then: 'no'}
    - {when: {column: colour, equals: red}, then: 'yes'}
"""
_YES_AND_NO = """\
data: {path: mine/orders.csv, target: returned}
trainer:
  rules:
    - {when: {column: weight, above: 5}, then: yes}
  otherwise: 'no'
"""
_EXPERIMENTS = {
    "two_ways": ("random_forest", "data: {path: mine/orders.csv, target: returned}\n"),
    "too_few": (
        "random_forest",
        "data:\n  path: mine/orders.csv\n  target: returned\n  columns:\n    ordered: {format: '%d/%m/%Y'}\n"
        "    weight: {max: 8}\n  checks:\n    rows: {min: 500}\n",
    ),
    "hidden_rule": ("rules", _HIDDEN),
    "yes_and_no": ("rules", _YES_AND_NO.replace("returned}", "returned, columns: {ordered: {format: '%d/%m/%Y'}}}")),
}


@pytest.fixture(scope="module")
def shop(world: World) -> World:
    """A folder `mine` with a small table and the experiments that the page talks of."""
    for name, (trainer, rest) in _EXPERIMENTS.items():
        world.experiment(name, _TOP.format(trainer=trainer, name=name) + rest)
    lines = (
        f"{1 + day % 12:02}/{1 + day % 11:02}/2024,{day % 10},{'yes' if day % 10 > 5 else 'no'}" for day in range(120)
    )
    text = "\n".join(["ordered,weight,returned", *lines])
    (world.folder / "mine" / "orders.csv").write_text(text + "\n", encoding="utf-8")
    return world


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 15


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.command.removeprefix("python run.py "))
def test_a_message_is_as_the_page_says(shop: World, example: Example) -> None:
    assert printed(shop, example) == example.said
