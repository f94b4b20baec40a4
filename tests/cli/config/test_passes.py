"""The list of passes: their order, what each sees, and that none rewrites what it was given."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from cli.config.arguments import parse_arguments
from cli.config.compose import Composition, compose
from cli.config.load import load_run
from cli.config.passes import PASSES
from cli.config.reading import Pass, Reading, read
from schemas.errors import ConfigurationError, Fault

SOUND = ["+experiment=houses", "batch.input.path=new.csv", "batch.output.path=predictions.csv"]
RULES = "rules=[{when: {column: area, above: 3}, then: a}]"
SAME = ["+experiment=breast_cancer", "trainer=rules", "gate=default", "baseline.name=rules", f"baseline.{RULES}"]
FAULTY = [*SOUND, "seed=-1", "gate.min.acuracy=1", "trainer.alpha=${nowhere}", "gate.max=3", "baseline.name=rules"]
NOT_PLAIN = ["+experiment=houses", "seed=nan", "seed_=1"]
KINDS = {"sound": SOUND, "same": SAME, "faulty": FAULTY, "not plain": NOT_PLAIN}
NAMES = [step.name for step in PASSES]


@pytest.fixture
def composed(empty: Path) -> Callable[[list[str]], Composition]:
    return lambda words: compose(parse_arguments(words))


def shown(composition: Composition) -> str:
    """Return all that a pass could rewrite of a composition; as text, in which NaN is equal to itself."""
    tree = OmegaConf.to_container(composition.config, resolve=False)
    return f"{tree} {composition.faults} {composition.overrides}"


def recorded(names: list[str]) -> list[Pass]:
    """Return the passes, each of which adds its name when it runs."""

    def named(step: Pass) -> Pass:
        def run(reading: Reading) -> Reading:
            names.append(step.name)
            return step.function(reading)

        return replace(step, function=run)

    return [named(step) for step in PASSES]


def test_every_pass_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("words", "last"),
    [(SOUND, "limits"), (FAULTY, "order"), (NOT_PLAIN, "plain values")],
    ids=lambda found: found[-1],
)
def test_passes_run_in_the_order_of_the_list_up_to_the_first_that_stops(
    words: list[str], last: str, composed: Callable[[list[str]], Composition]
) -> None:
    names: list[str] = []
    read(Reading.of(composed(words)), recorded(names))
    assert names == NAMES[: NAMES.index(last) + 1]


def test_a_pass_that_is_appended_sees_what_those_before_it_found(
    composed: Callable[[list[str]], Composition],
) -> None:
    seen: list[Reading] = []

    def look(reading: Reading) -> Reading:
        seen.append(reading)
        return reading.with_faults([Fault("seed", "is unlucky")])

    reading = read(Reading.of(composed(SAME)), [*PASSES, Pass("luck", look)])
    (before,) = seen
    assert before.run is not None and before.run.baseline.name == "auto"
    assert before.tree["trainer"]["params"]["rules"][0]["then"] == "a"
    assert before.notes == ("baseline: rules cannot beat itself, so the baseline is auto",)
    assert before.faults == () and reading.faults == (Fault("seed", "is unlucky"),)


def test_a_pass_in_the_middle_may_replace_a_block_for_those_after_it(
    composed: Callable[[list[str]], Composition],
) -> None:
    place = NAMES.index("schema")
    lucky = Pass("luck", lambda reading: reading.with_blocks({"seed": 13}))
    reading = read(Reading.of(composed(SOUND)), [*PASSES[:place], lucky, *PASSES[place:]])
    assert reading.run is not None and reading.run.seed == 13


@pytest.mark.parametrize("words", KINDS.values(), ids=KINDS)
def test_no_pass_rewrites_what_it_was_given(words: list[str], composed: Callable[[list[str]], Composition]) -> None:
    reading = Reading.of(composed(words))
    for step in PASSES:
        before = shown(reading.composition), repr(reading)
        after = step.function(reading)
        assert (shown(reading.composition), repr(reading)) == before, step.name
        reading = after


@pytest.mark.untraced
@pytest.mark.parametrize("words", KINDS.values(), ids=KINDS)
def test_loading_leaves_the_composed_tree_and_its_faults_as_they_were(
    words: list[str], composed: Callable[[list[str]], Composition]
) -> None:
    composition = composed(words)
    before = shown(composition)
    results = []
    for _ in range(2):
        try:
            results.append(str(load_run(composition)))
        except ConfigurationError as error:
            results.append(str(error))
        assert shown(composition) == before
    assert results[0] == results[1]


def test_a_tree_that_somebody_else_holds_is_read_and_not_rewritten(
    composed: Callable[[list[str]], Composition],
) -> None:
    first, *later = PASSES
    composition = composed(SAME)
    held = dict(first.function(Reading.of(composition)).tree)
    before = deepcopy(held)
    assert read(Reading(composition, held), later).run is not None
    assert held == before


@pytest.mark.parametrize(("most", "noted"), [(9_999_973, 0), (9_999_974, 1), (10_000_000, 1)])
def test_a_text_longer_than_any_request_is_noted(
    most: int, noted: int, composed: Callable[[list[str]], Composition]
) -> None:
    composition = composed(["+experiment=houses", f"+data.columns.area.max_characters={most}"])
    load_run(composition)
    notes = [note for note in composition.notes if "deploy.max_body" in note]
    assert len(notes) == noted and all("more than 9,999,973 characters" in note for note in notes)
