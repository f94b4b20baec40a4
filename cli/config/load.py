"""From a composition to a Run, or to every fault of the configuration at once."""

from cli.config.compose import Composition
from cli.config.passes import PASSES
from cli.config.provenance import with_source
from cli.config.reading import Reading, read
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run


def load_run(composition: Composition) -> Run:
    """Read the composed tree; nothing heavier than the chosen components' own modules is imported.

    Raises:
        ConfigurationError: With every fault, where it was declared and what would be right.
    """
    if "experiment" not in composition.overrides.chosen:
        raise ConfigurationError([*composition.faults, _no_experiment(composition)])
    reading = read(Reading.of(composition), PASSES)
    faults = _without_echoes(reading)
    if reading.run is None or faults:
        raise ConfigurationError([with_source(fault, composition) for fault in faults])
    composition.notes += reading.notes
    return reading.run


def _no_experiment(composition: Composition) -> Fault:
    known = composition.repository.get_group_options("experiment")
    return Fault(
        "experiment",
        "none was chosen",
        f"+experiment=NAME, one of: {', '.join(known)}; or --config-dir=DIR +experiment=NAME",
    )


def _without_echoes(reading: Reading) -> list[Fault]:
    """Return what was left out, then the first fault of each kind and path that does not only follow from that."""
    kept: dict[tuple[str, str], Fault] = {}
    paths = {fault.path for fault in reading.left_out}
    for fault in reading.faults:
        if fault.path not in paths and fault.path.split(".")[0] not in reading.broken:
            kept.setdefault((fault.path, fault.message), fault)
    return [*reading.left_out, *kept.values()]
