"""The `drivetrain_s3` artifact store: artifacts as objects on S3, or on a server that speaks its protocol.

Why not ZenML's own: see docs/adr/0026.
"""

import posixpath
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from io import TextIOWrapper
from typing import Any, ClassVar, cast

from pydantic import Field, field_validator, model_validator
from zenml.artifact_stores import BaseArtifactStore, BaseArtifactStoreConfig, BaseArtifactStoreFlavor
from zenml.artifact_stores.base_artifact_store import PathType
from zenml.client import Client
from zenml.stack.authentication_mixin import AuthenticationConfigMixin, AuthenticationMixin

from ml.io.objects.client import Credentials, client, lent
from ml.io.objects.errors import told_of
from ml.io.objects.location import Location, check_endpoint
from ml.io.objects.reading import StoredObject
from ml.io.objects.writing import ObjectFile, ObjectTextFile, create_object
from schemas.errors import CredentialsError
from steps.object_store import ObjectStore

SECRET_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


class S3ArtifactStoreConfig(BaseArtifactStoreConfig, AuthenticationConfigMixin):
    """Where the objects are. Credentials are none of the settings: the environment has them, or a ZenML secret."""

    SUPPORTED_SCHEMES: ClassVar[set[str]] = {"s3://"}
    IS_IMMUTABLE_FILESYSTEM: ClassVar[bool] = True
    """No object is added to: ZenML writes logs as objects of their own, and merges them."""

    path: str = Field(description="s3://bucket or s3://bucket/folder")
    endpoint_url: str | None = Field(
        default=None, description="https://host:port of a server that is not Amazon's; null: AWS_ENDPOINT_URL_S3"
    )
    region: str | None = Field(default=None, description="the bucket's region; null: AWS_REGION, or the profile's")

    @model_validator(mode="before")
    @classmethod
    def _ensure_artifact_store(cls, data: Any) -> Any:
        """Take the place of ZenML's check, whose error is none of pydantic's: the path says below what is wrong."""
        return data

    @property
    def location(self) -> Location:
        """The store's bucket, folder and server."""
        return replace(Location.parse(self.path), endpoint_url=self.endpoint_url, region=self.region)

    @field_validator("path")
    @classmethod
    def _is_a_bucket(cls, path: str) -> str:
        if "?" in path:
            raise ValueError("takes no options: endpoint_url and region are settings of their own")
        plain = Location.parse(path).plain
        if path != plain:  # what ZenML keeps must be what is declared, or the stack would be changed by every run
            raise ValueError(f"is to be written {plain}")
        return path

    @field_validator("endpoint_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None:
            check_endpoint(url)
        return url


class S3ArtifactStore(BaseArtifactStore, AuthenticationMixin, ObjectStore):
    """Each method raises ObjectStoreError when the store cannot be used; nothing is seen of what is half written."""

    @property
    def config(self) -> S3ArtifactStoreConfig:
        """The settings."""
        return cast(S3ArtifactStoreConfig, super().config)

    @property
    def files(self) -> Any:
        """The client."""
        return client(self.config.endpoint_url, self.config.region, self._credentials)

    def locate(self, path: PathType) -> Location:
        """Return where a path of the store is, with its server."""
        place = Location.parse(_text(path))
        return replace(self.config.location, bucket=place.bucket, key=place.key)

    def create(self, path: PathType, data: bytes) -> bool:
        """Write a small object unless one of the name is there; say whether it was written by this call."""
        return create_object(self.files, self.locate(path), data)

    def lent(self) -> AbstractContextManager[None]:
        """Let what lies here be reached by URL with the keys of the store's ZenML secret while the block runs."""
        return lent(self.config.location, self._credentials)

    def open(self, path: PathType, mode: str = "r") -> Any:
        """Open an object to read, or to write a new one whole.

        Args:
            path: The object.
            mode: r or rb to read; w or wb to write.
        """
        kind = mode.replace("t", "").removesuffix("b")
        if kind not in ("r", "w"):
            raise ValueError(f"an object is read or written whole, not opened with {mode!r}")
        location = self.locate(path)
        if kind == "r":
            stored = StoredObject(self.files, location)
            return stored if "b" in mode else TextIOWrapper(stored, encoding="utf-8")
        file = ObjectFile(self.files, location)
        return file if "b" in mode else ObjectTextFile(file)

    def copyfile(self, src: PathType, dst: PathType, overwrite: bool = False) -> None:
        """Copy an object within the store."""
        if not overwrite and self.exists(dst):
            raise FileExistsError(f"{_text(dst)} is there already")
        with self._told(dst):
            self.files.copy(self.locate(src).path, self.locate(dst).path)

    def exists(self, path: PathType) -> bool:
        """Say whether there is an object, or a folder with one."""
        with self._told(path):
            return bool(self.files.exists(self.locate(path).path))

    def glob(self, pattern: PathType) -> list[PathType]:
        """Return the objects whose names fit."""
        with self._told(self.path):
            found = self.files.glob(_text(pattern).removeprefix("s3://"))
        return [f"s3://{name}" for name in found]

    def isdir(self, path: PathType) -> bool:
        """Say whether there is a folder."""
        with self._told(path):
            return bool(self.files.isdir(self.locate(path).path))

    def listdir(self, path: PathType) -> list[PathType]:
        """Return the names in a folder."""
        with self._told(path):
            found = self.files.ls(self.locate(path).path, detail=False)
        return [posixpath.basename(str(name)) for name in found if posixpath.basename(str(name))]

    def makedirs(self, path: PathType) -> None:
        """Do nothing: a folder is there as soon as an object is in it."""

    def mkdir(self, path: PathType) -> None:
        """Do nothing: a folder is there as soon as an object is in it."""

    def remove(self, path: PathType) -> None:
        """Remove an object."""
        with self._told(path):
            self.files.rm_file(self.locate(path).path)

    def rename(self, src: PathType, dst: PathType, overwrite: bool = False) -> None:
        """Copy an object, then remove the first one."""
        self.copyfile(src, dst, overwrite=overwrite)
        self.remove(src)

    def rmtree(self, path: PathType) -> None:
        """Remove every object in a folder."""
        with self._told(path):
            self.files.rm(self.locate(path).path, recursive=True)

    def stat(self, path: PathType) -> Any:
        """Return what the store tells of an object."""
        with self._told(path):
            return self.files.info(self.locate(path).path)

    def size(self, path: PathType) -> int | None:
        """Return an object's bytes."""
        with self._told(path):
            found = self.files.size(self.locate(path).path)
        return None if found is None else int(found)

    def walk(
        self, top: PathType, topdown: bool = True, onerror: Callable[..., None] | None = None
    ) -> Iterable[tuple[PathType, list[PathType], list[PathType]]]:
        """Yield each folder with the names of its folders and objects."""
        with self._told(top):
            for folder, folders, names in self.files.walk(self.locate(top).path, topdown=topdown, on_error="raise"):
                yield f"s3://{folder}", folders, names

    def _told(self, path: PathType) -> AbstractContextManager[None]:
        return told_of(self.locate(path), self.files)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the credentials out of what is pickled."""
        return {name: value for name, value in super().__getstate__().items() if name != "_credentials"}

    @cached_property
    def _credentials(self) -> Credentials | None:
        """Return those of the ZenML secret that the settings name; None: the environment's.

        Raises:
            CredentialsError: If there is no such secret, or it lacks a key.
        """
        name = self.config.authentication_secret
        return credentials_of(Client(), name) if name else None


def credentials_of(zenml: Any | None, secret: str) -> Credentials:
    """Return the credentials that a ZenML secret holds. Raises CredentialsError when there is none of that name."""
    try:
        if zenml is None:
            raise KeyError(secret)
        values = zenml.get_secret_by_name_and_private_status(name=secret).secret_values
        return Credentials(values[SECRET_KEYS[0]], values[SECRET_KEYS[1]], values.get(SECRET_KEYS[2]))
    except KeyError:
        what = f"ZenML has no secret {secret!r} with {' and '.join(SECRET_KEYS[:2])}"
        hint = f"zenml secret create {secret} --{SECRET_KEYS[0]}=… --{SECRET_KEYS[1]}=…"
        raise CredentialsError(what, hint) from None


class S3ArtifactStoreFlavor(BaseArtifactStoreFlavor):
    """Registers the store with ZenML."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "drivetrain_s3"

    @property
    def config_class(self) -> type[S3ArtifactStoreConfig]:
        """The settings' class."""
        return S3ArtifactStoreConfig

    @property
    def implementation_class(self) -> type[S3ArtifactStore]:
        """The store's class."""
        return S3ArtifactStore


def _text(path: PathType) -> str:
    return path.decode() if isinstance(path, bytes) else path
