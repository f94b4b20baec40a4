"""Source `sklearn_dataset`: the small datasets that scikit-learn carries; nothing is downloaded."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from ml.components.source import Source
from schemas.base import Strict
from schemas.errors import Fault

if TYPE_CHECKING:
    import pandas as pd

DatasetName = Literal["breast_cancer", "diabetes", "digits", "iris", "wine"]


class SklearnDatasetParams(Strict):
    """The dataset's name; its target column is called `target`."""

    dataset: DatasetName = Field(description="which bundled table")


class SklearnDataset(Source):
    """Rows of a bundled dataset: features under their own names, class labels by name where the dataset names them."""

    Params: ClassVar[type[BaseModel]] = SklearnDatasetParams
    params: SklearnDatasetParams

    @property
    def label(self) -> str:
        """The dataset's name."""
        return self.params.dataset

    def preflight(self) -> list[Fault]:
        """Nothing can be missing: the rows are part of scikit-learn."""
        return []

    def header(self) -> list[str] | None:
        """Return the column names; the bundled files are small enough to read."""
        return list(self.read().columns)

    def fingerprint(self) -> str | None:
        """Return name and scikit-learn version: the rows change only with the library."""
        from importlib.metadata import version

        return f"scikit-learn {version('scikit-learn')} {self.params.dataset}"

    def read(self) -> "pd.DataFrame":
        """Return all rows, the target last."""
        import numpy as np
        from sklearn import datasets

        load = getattr(datasets, f"load_{self.params.dataset}")  # one of the names that Params admits
        bunch = load(as_frame=True)
        frame: pd.DataFrame = bunch.frame.copy()
        names = [str(name) for name in bunch.get("target_names", [])]
        if names and not all(name.isdigit() for name in names):
            frame["target"] = np.array(names, dtype=object)[frame["target"].to_numpy()]
            frame["target"] = frame["target"].astype("str")
        return frame
