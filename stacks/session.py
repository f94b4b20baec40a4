"""ZenML as this process uses it: quiet, offline, rooted in the repository."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any

from ml.io.file_lock import one_at_a_time
from ml.io.storage_errors import Database, told_plainly
from schemas.events import Send
from schemas.home import ROOT
from stacks.quiet import QUIET
from stacks.server_check import check_server, refusals_told
from stacks.step_events import following
from stacks.store_check import check_config, check_store, mark_of, remember_store
from stacks.store_locks import locks_told

STORE = "drivetrain.store"
"""The logger to which waiting for ZenML's store is told."""
_USERS_OF_STORE = ("zenml.zen_stores", "pipelines.execution.sql_store")
_UNUSED = ("bentoml", "numpy", "pandas", "pillow", "scipy", "sklearn")


def has_store() -> bool:
    """Say whether ZenML was ever used here: a plan must not create its store."""
    if os.environ.get("ZENML_STORE_URL"):
        return True
    return (config_folder() / "config.yaml").exists()


def config_folder() -> Path:
    """Return the folder that ZenML keeps its configuration in, without importing ZenML."""
    explicit = os.environ.get("ZENML_CONFIG_PATH")
    if explicit:
        return Path(explicit)
    import click

    return Path(click.get_app_dir("zenml"))


@contextmanager
def _parameters_as_given() -> Iterator[None]:
    """Keep ZenML from reading `${NAME}` in what a pipeline is given.

    It replaces that in every parameter by the environment variable of the name, with no way to write it otherwise: a
    column, a query or an allowed value of such a name would end the run, or carry a secret into reports.
    """
    from zenml.utils import env_utils

    substituted = env_utils.substitute_env_variable_placeholders
    env_utils.substitute_env_variable_placeholders = _as_given
    try:
        yield
    finally:
        env_utils.substitute_env_variable_placeholders = substituted


def _as_given(value: Any, raise_when_missing: bool = True) -> Any:
    return value


@contextmanager
def _packages_looked_up_once() -> Iterator[None]:
    """Keep ZenML from reading the metadata of all installed packages for each foreign type that a step gives.

    What is installed does not change while a run lasts.
    """
    looked_up = metadata.packages_distributions
    metadata.packages_distributions = cache(looked_up)
    try:
        yield
    finally:
        metadata.packages_distributions = looked_up


@contextmanager
def _without_unused_integrations() -> Iterator[None]:
    """Keep ZenML from importing libraries for materializers that no step of ours uses.

    Before it compiles a pipeline it imports every integration whose package is installed: two seconds of CPU for
    BentoML and scikit-learn alone, in a run that only monitors too. Every step of ours names its materializers.
    """
    from zenml.integrations.registry import integration_registry

    known = {key: integration_registry.integrations[key] for key in _UNUSED if key in integration_registry.integrations}
    try:
        for key in known:
            integration_registry.register_integration(key, _not_activated())
        yield
    finally:
        for key, integration in known.items():
            integration_registry.register_integration(key, integration)


def _not_activated() -> Any:
    from zenml.integrations.integration import Integration

    class NotActivated(Integration):
        """Takes the place of an integration that is installed and not used."""

        NAME = "drivetrain_not_activated"

        @classmethod
        def check_installation(cls) -> bool:
            """Say that there is nothing to activate."""
            return False

    return NotActivated


def store_file() -> Path | None:
    """Return the file of ZenML's store; None for a server or another database."""
    from sqlalchemy.engine import make_url
    from zenml.config.global_config import GlobalConfiguration

    url = GlobalConfiguration().store_configuration.url
    place = make_url(url)
    return Path(place.database or "") if place.get_backend_name() == "sqlite" else None


def server_url() -> str | None:
    """Return the address of the ZenML server that is the store; None for a database."""
    from zenml.config.global_config import GlobalConfiguration

    url: str = GlobalConfiguration().store_configuration.url
    return url if url.startswith(("http://", "https://")) else None


def used_store() -> Database | None:
    """Return the file of the store that this process has opened; None when ZenML was not imported, or has another."""
    path = store_file() if "zenml.client" in sys.modules else None
    return None if path is None else Database(path, _USERS_OF_STORE, mark_of(config_folder()))


def _note() -> Callable[[str], None]:
    return logging.getLogger(STORE).warning


def _opened() -> Any:
    """Open the store, which must exist before a stack is chosen for this process only.

    Raises:
        StorageError: If ZenML's configuration or store cannot be used.
    """
    folder = config_folder()
    with told_plainly():
        check_config(folder)
        # One process at a time creates or migrates the store: ZenML fails on one that is half made.
        note = _note()
        crowd = partial(note, "another command opens ZenML's store; waiting for it")
        with one_at_a_time(folder / ".drivetrain.lock", waiting=crowd):
            path, server = store_file(), server_url()
            if path is not None:
                check_store(path, folder, note)
            if server is not None:
                check_server(server)
            told = told_plainly(None if path is None else Database(path, mark=mark_of(folder)))
            with told, nullcontext() if server is None else refusals_told(server):
                from zenml.client import Client

                client = Client()
                client.zen_store  # noqa: B018
            if path is not None:
                remember_store(path, folder)
            return client


@contextmanager
def zenml_session(send: Send) -> Iterator[Any]:
    """Give a `zenml.client.Client` that writes nothing to the terminal; what steps do and say goes to `send`.

    Raises:
        StorageError: If ZenML's configuration or store cannot be used.
    """
    for key, value in QUIET.items():
        os.environ.setdefault(key, value)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    from zenml.logger import ZenMLConsoleHandler
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(ROOT))
    root = logging.getLogger()
    silenced = [handler for handler in root.handlers if isinstance(handler, ZenMLConsoleHandler)]
    for handler in silenced:
        root.removeHandler(handler)
    try:
        with following(send):
            client = _opened()
            store = used_store()
            locks = nullcontext() if store is None else locks_told(client.zen_store.engine, store.path, _note())
            told = told_plainly(store)
            with _parameters_as_given(), _packages_looked_up_once(), _without_unused_integrations(), told, locks:
                yield client
    finally:
        for handler in silenced:
            root.addHandler(handler)
