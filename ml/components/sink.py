"""Kind `write`: where predicted rows go."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from ml.components.component import Component
from schemas.errors import Fault

if TYPE_CHECKING:
    import pandas as pd


class Writer(ABC):
    """An output being written; nothing of it is to be seen before `commit`."""

    @abstractmethod
    def write(self, frame: "pd.DataFrame") -> None:
        """Append rows; every frame has the columns and dtypes of the first. Raises ContentError."""

    def prepare(self) -> None:  # noqa: B027  an output that takes no time has nothing to prepare
        """Do what takes long once all rows are there (force them to disk, send them), so that `commit` is quick.

        Raises ContentError.
        """

    @abstractmethod
    def commit(self) -> None:
        """Make the whole output visible at once. Raises ContentError when something is there already."""

    @abstractmethod
    def abort(self) -> None:
        """Leave nothing behind; does nothing after `commit`."""


class Sink(Component):
    """A data sink; `place` and `open` are its own."""

    is_text: ClassVar[bool] = False
    """Whether all cells become text: such a sink is given the cells of a text file as they stand there."""
    takes_arrays: ClassVar[bool] = False
    """Whether it is given arrays as nested lists, instead of their JSON text."""
    endings: ClassVar[tuple[str, ...]] = ()
    """The endings of the files that it writes, `.csv`."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Keys that only this sink has, by which a block without a name is known to be its."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the output will be, for a person; without secrets."""

    @property
    def replaces(self) -> bool:
        """Whether it takes the place of what is there, and so does the file of refused rows."""
        return False

    @abstractmethod
    def open(self) -> Writer:
        """Begin an output. Raises ContentError."""

    def preflight(self) -> list[Fault]:
        """Return why nothing can be written there, an output that exists included; paths relative to `batch.output`."""
        return []
