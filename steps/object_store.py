"""What an artifact store of ours can do beyond ZenML's contract, where its files are objects.

A store says so by its class: another's may have methods of these names that mean something else.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ml.io.objects.location import Location, is_object_url


class ObjectStore:
    """An artifact store that names its server, writes a name once, and lends its credentials."""

    def locate(self, path: Any) -> Location:
        """Return where a path of the store is, with its server."""
        raise NotImplementedError

    def create(self, path: Any, data: bytes) -> bool:
        """Write a small object unless one of the name is there, also at the same moment; say whether it did so.

        Raises:
            ObjectStoreError: When the store cannot be used.
        """
        raise NotImplementedError

    def lent(self) -> AbstractContextManager[None]:
        """Let what lies in the store be reached by URL with the store's credentials while the block runs."""
        raise NotImplementedError


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Let what lies in the active stack's artifact store be reached with that store's credentials.

    Args:
        url: What is to be reached. The stack is asked only of an object on S3.

    Raises:
        CredentialsError: If the store's are in a ZenML secret that is not there.
    """
    store = _active_store() if is_object_url(url) else None
    if not isinstance(store, ObjectStore):
        yield
        return
    with store.lent():
        yield


def _active_store() -> Any:
    from zenml.client import Client

    return Client().active_stack.artifact_store
