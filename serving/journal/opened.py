"""An existing journal for a while, by whoever is not its service; what goes wrong with it is told in one sentence."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from schemas.errors import DeploymentError
from serving.journal.tables import open_existing
from serving.journal.trouble import Unreadable, unusable


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open a journal that somebody has created, for the block.

    Raises:
        DeploymentError: If it is not there, the database refuses what is asked of it, or a row holds something else
            than was written.
    """
    engine = open_existing(url)
    try:
        yield engine
    except (SQLAlchemyError, json.JSONDecodeError, Unreadable) as error:
        raise DeploymentError(unusable(url, error)) from error
    finally:
        engine.dispose()
