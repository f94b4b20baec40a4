"""The run context: the data's fingerprint, the salt and who is in production when a training run starts."""

from schemas.addresses import is_of_this_machine
from schemas.base import Strict
from schemas.home import Home
from schemas.run import Run
from serving.journal.location import journal_url
from serving.releases.publisher import current_release
from steps.components import create
from steps.gate.production import Production


class RunContext(Strict):
    """What the conductor finds out before a run: it belongs to the time of the run, not to the experiment.

    `local_source` says that only this machine has the rows.
    """

    label: str
    fingerprint: str | None
    salt: str
    production: Production | None
    local_source: bool = True


def run_context(run: Run, home: Home) -> RunContext:
    """Ask the source, the gate's declaration and the release pointer."""
    source = create("load", run.data.source)
    return RunContext(
        label=source.label,
        fingerprint=source.fingerprint(),
        salt=run.split.salt if run.split.salt is not None else source.label,
        production=production(journal_url(home, run.name, run.stack)),
        local_source=source.needs_this_machine,
    )


def production(journal_url: str) -> Production | None:
    """Return the version that the release pointer names, None before the first deployment."""
    event = current_release(journal_url)
    return None if event is None else Production(version=event.version, package_url=event.package_url)


def is_local(production: Production | None) -> bool:
    """Say whether only this machine has the package in production."""
    return production is not None and is_of_this_machine(production.package_url)
