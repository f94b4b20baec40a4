"""Frames as Arrow tables of one schema, which the first frame decides."""

from typing import TYPE_CHECKING, Any

from schemas.errors import ContentError

if TYPE_CHECKING:
    import pandas as pd


class Tables:
    """Turns frames into tables; a column of Python objects that are of no one type becomes text."""

    def __init__(self, first: "pd.DataFrame") -> None:
        import pyarrow as pa

        self._texts = {str(name) for name in first.columns if _is_mixed(first[name])}
        self.schema = pa.Schema.from_pandas(self._plain(first), preserve_index=False)

    def table(self, frame: "pd.DataFrame") -> Any:
        """Return a frame as a table. Raises ContentError naming a column whose type is another than in the first."""
        import pyarrow as pa

        try:
            return pa.Table.from_pandas(self._plain(frame), schema=self.schema, preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            reason = "; ".join(str(part) for part in error.args)
            raise ContentError(f"the rows' types change within the table: {reason}") from error

    def _plain(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        import pandas as pd

        def column(name: str, values: pd.Series) -> pd.Series:
            if isinstance(values.dtype, pd.CategoricalDtype):  # each frame may know other categories
                values = values.astype(values.cat.categories.dtype)
            if name not in self._texts:
                return values
            return values.astype("object").map(str, na_action="ignore").astype("str")

        return pd.DataFrame({name: column(str(name), frame[name]) for name in frame.columns})


def _is_mixed(column: "pd.Series") -> bool:
    """Whether a column is of Python objects that Arrow has no one type for; a column without a value is text too."""
    import pyarrow as pa

    if column.dtype != object:
        return False
    try:
        return bool(pa.types.is_null(pa.array(column, from_pandas=True).type))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return True
