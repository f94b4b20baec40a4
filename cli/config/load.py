"""From a composition to a Run: the one place where all faults of the configuration come together."""

from typing import Any

from cli.config.batch import place_batch
from cli.config.compose import Composition
from cli.config.defaults import notes_on_defaults
from cli.config.parse import parse
from cli.config.paths import placed
from cli.config.provenance import with_source
from cli.config.resolve import plain
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run


def load_run(composition: Composition) -> Run:
    """Read the composed tree.

    Raises:
        ConfigurationError: With every fault, where it was declared and what would be right.
    """
    if "experiment" not in composition.overrides.chosen:
        raise ConfigurationError([*composition.faults, _no_experiment(composition)])
    tree = plain(composition)
    _find_data(tree, composition)
    place_batch(tree, composition)
    run, wrong = parse(tree)
    faults = _without_echoes(composition, wrong)
    if run is None or faults:
        raise ConfigurationError([with_source(fault, composition) for fault in faults])
    composition.notes += notes_on_defaults(tree, run)
    return run


def _no_experiment(composition: Composition) -> Fault:
    known = composition.repository.get_group_options("experiment")
    return Fault(
        "experiment",
        "none was chosen",
        f"+experiment=NAME, one of: {', '.join(known)}; or --config-dir=DIR +experiment=NAME",
    )


def _find_data(tree: dict[str, Any], composition: Composition) -> None:
    data = tree.get("data")
    if isinstance(data, dict):
        tree["data"] = placed(data, composition, "data")


def _without_echoes(composition: Composition, found: list[Fault]) -> list[Fault]:
    """Keep the first fault of each path, and none that only follows from a group option that does not exist."""
    kept: dict[tuple[str, str], Fault] = {}
    first = list(composition.faults)
    paths = {fault.path for fault in first}
    for fault in found:
        echo = fault.path.split(".")[0] in composition.overrides.broken_groups or fault.path in paths
        kept.setdefault((fault.path, fault.message), fault) if not echo else None
    return first + list(kept.values())
