"""The whole deployment of a version: the service runs, the version is published, and it is ready."""

from pathlib import Path

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.home import Home
from schemas.journal_spec import JournalSpec
from schemas.release import Release
from serving.journal import location
from serving.lookups.opening import require_fitting
from serving.process import bento, bento_store, records, services
from serving.process.probe import damage_told, until_ready
from serving.process.records import Deployment
from serving.releases.beside import place_beside
from serving.releases.package_cache import fetch_signature
from serving.releases.publisher import current_release, publish, releases, restorable
from serving.rollouts.starting import roll_out

_SWITCH_SECONDS = 10.0
_LOADING_SPARE = 30.0  # seconds beyond those that loading may take: who waits hears what became of it


def deploy(
    home: Path,
    name: str,
    version: str,
    package_url: str,
    spec: DeploySpec,
    *,
    journal_url: str | None = None,
    journal: JournalSpec | None = None,
    timeout: float = 120.0,
) -> tuple[str, list[Release]]:
    """Start or heal the model's service, publish the version, and return its URL and versions when it answers.

    One run at a time deploys a name; others wait. When a first deployment fails, the service is stopped again.

    Args:
        home: DRIVETRAIN_HOME.
        name: The model's name.
        version: The version to publish.
        package_url: Where its package is.
        spec: Port and limits.
        journal_url: The model's journal; None: the SQLite file in `home`.
        journal: What the journal keeps; None: as where nothing is declared.
        timeout: Seconds until every worker must have loaded the version.

    Raises:
        ConfigurationError: If the declared port belongs to somebody else.
        DeploymentError: If lookups do not fit the model, the service does not start, or the version cannot be
            published; the old version goes on.
    """
    if spec.lookups:
        require_fitting(spec.lookups, fetch_signature(package_url))
    url_of_journal = journal_url or location.journal_url(Home(home), name)
    with records.lock(home, name):
        packaged = bento.Packaged.at(package_url, version)
        deployment = services.running(home, name, spec, packaged, url_of_journal, journal)
        if packaged is not None:
            bento.build(home, name, deployment.code_hash, packaged)
        try:
            _require_sound(deployment.url)
            patience = max(timeout, spec.load_seconds + _LOADING_SPARE)
            published = _published(deployment.journal_url, version, package_url, spec, patience)
        except DeploymentError:
            if not any(release.weight for release in releases(deployment.journal_url)):
                services.end(home, deployment)
            raise
        _await_version(deployment.url, published[0].version)
        _tidy(home, deployment)
        return deployment.url, published


def _published(journal_url: str, version: str, package_url: str, spec: DeploySpec, timeout: float) -> list[Release]:
    """Publish a version as `deploy.rollout` says; the first one has nothing to stand beside."""
    pointer = current_release(journal_url)
    if spec.rollout == "replace" or pointer is None or pointer.version == version:
        return publish(journal_url, version, package_url, timeout=timeout)
    if spec.stages is not None:
        return roll_out(journal_url, version, package_url, spec.stages, timeout=timeout)
    share = spec.share if spec.rollout == "canary" else None
    return place_beside(journal_url, version, package_url, share=share, timeout=timeout)


def _tidy(home: Path, deployment: Deployment) -> None:
    """Remove Bentos that nobody can want any more; the version is in production, whatever becomes of that."""
    try:
        bento_store.prune(home, deployment.name, deployment.bento, restorable(deployment.journal_url))
    except OSError as error:
        records.logger.warning(f"Bentos that are not needed any more stay: {error.filename}: {error.strerror}")


def _require_sound(url: str) -> None:
    """Refuse to publish to a service that says that its journal is damaged. Raises DeploymentError."""
    told = damage_told(url)
    if told is not None:
        raise DeploymentError(told)


def _await_version(url: str, version: str) -> None:
    status, text = until_ready(url, _SWITCH_SECONDS, version)
    if status != 200:
        raise DeploymentError(f"Version {version} is published, but {url}/readyz answers {status}: {text.strip()}")
