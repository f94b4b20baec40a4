"""Source `sql`: a table, or the result of one query, of a database that SQLAlchemy knows. Only reading is done."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from ml.components.source import Source
from ml.sources.sql_params import SqlParams
from schemas.errors import Fault
from schemas.secret import SecretRef

if TYPE_CHECKING:
    import pandas as pd

    from ml.components.source import Chunk
    from ml.io.database.engine import Login
    from ml.sources.sql_rows import Rows, Wanted

_CHUNK = 50_000
_HEAD = 100
_RENAME = "name them with AS, or select one of them"
_CONVERT = "choose or convert the columns in data.query: SELECT a, CAST(b AS TEXT) AS b FROM …"
_PATIENCE = 10.0
"""Seconds that the preflight gives a query; a slower one is judged when it is read."""


class SqlSource(Source):
    """Rows of a table or a query, in the order in which the database gives them; never cached."""

    Params: ClassVar[type[BaseModel]] = SqlParams
    params: SqlParams
    keys: ClassVar[tuple[str, ...]] = ("url", "table", "query")

    def __init__(self, params: SqlParams, reveal: Callable[[SecretRef], str]) -> None:
        self.params = params
        self._reveal = reveal
        self._given = "table" if params.table is not None else "query"

    @property
    def label(self) -> str:
        """The table's name; `query` for every query."""
        return self.params.table or "query"

    def preflight(self) -> list[Fault]:
        """Return what keeps the rows from being read; at most 100 of them are, for at most ten seconds."""
        from ml.io.database.errors import SqlError

        try:
            head = self._head
        except SqlError as error:
            return error.faults
        if head is None:
            return []
        names, rows = head
        try:
            self._cells_of(names, rows)
        except SqlError as error:
            return error.faults
        return [] if rows else [self._no_rows()]

    def header(self) -> list[str] | None:
        """Return the column names, or None when they cannot be read in time (preflight says why)."""
        from ml.io.database.errors import SqlError

        try:
            return self._head[0] if self._head is not None else None
        except SqlError:
            return None

    def fingerprint(self) -> str | None:
        """Return None: nothing cheap tells whether a database's rows have changed."""
        return None

    def read(self) -> "pd.DataFrame":
        """Return all rows. Raises ContentError."""
        import pyarrow as pa

        from ml.io.arrow.frames import frame, plain
        from ml.sources.sql_values import column, final_type

        gathered: dict[str, list[Any]] = {}
        for columns in self._batches(_CHUNK):
            for name, cells in columns.items():
                gathered.setdefault(name, []).append(column(cells))
        whole: dict[str, Any] = {}
        for name in list(gathered):
            chunks = gathered.pop(name)
            kind = final_type(chunk.type for chunk in chunks)
            whole[name] = pa.chunked_array([plain(chunk, kind) for chunk in chunks], kind)
        return frame(whole, gaps=False)

    def chunks_as_stored(self, rows: int, known: Collection[str]) -> Iterator["Chunk"]:
        """Yield all rows in order, at most `rows` at a time, also with all digits and zones. Raises ContentError.

        Only after the last row is known of what type a column is, so all rows go through a scratch file.
        """
        from ml.sources.sql_spool import Spool

        with Spool() as spool:
            for columns in self._batches(rows):
                spool.add(columns)
            yield from spool.chunks()

    @cached_property
    def _head(self) -> tuple[list[str], "Rows"] | None:
        """Column names and the first rows; None when the query takes too long. Raises SqlError."""
        from ml.io.database.errors import TooSlowError
        from ml.sources.sql_rows import selected

        try:
            with selected(self._login(), self._wanted(), _HEAD, _PATIENCE) as (names, batches):
                return names, next(batches, [])
        except TooSlowError:
            return None

    def _batches(self, rows: int) -> Iterator[dict[str, Sequence[Any]]]:
        """Yield the cells of at most `rows` rows by column. Raises SqlError."""
        from ml.io.database.errors import SqlError
        from ml.sources.sql_rows import selected

        empty = True
        with selected(self._login(), self._wanted(), rows) as (names, batches):
            for batch in batches:
                empty = False
                yield self._cells_of(names, batch)
        if empty:
            raise SqlError([self._no_rows()])

    def _cells_of(self, names: list[str], rows: "Rows") -> dict[str, Sequence[Any]]:
        """Return cells by column. Raises SqlError for names that come twice and values that cannot be learnt from."""
        from ml.io.database.errors import SqlError
        from ml.sources.sql_values import wrong_kinds

        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            shown = ", ".join(map(repr, twice))
            raise SqlError([Fault(self._given, f"column names must be unique, but {shown} comes twice", _RENAME)])
        values = list(zip(*rows, strict=True)) if rows else [() for _ in names]
        wrong = {name: kinds for name, cells in zip(names, values, strict=True) if (kinds := wrong_kinds(cells))}
        if wrong:
            shown = ", ".join(f"{name!r} ({' and '.join(kinds)})" for name, kinds in wrong.items())
            what = f"a column must hold numbers, text, dates or booleans, but these do not: {shown}"
            raise SqlError([Fault(self._given, what, _CONVERT)])
        return dict(zip(names, values, strict=True))

    def _no_rows(self) -> Fault:
        what = f"table {self.params.table!r} has no rows" if self.params.table else "the query gives no rows"
        return Fault(self._given, what)

    def _wanted(self) -> "Wanted":
        from ml.sources.sql_rows import Wanted

        return Wanted(self.params.table, self.params.database_schema, self.params.query)

    def _login(self) -> "Login":
        from ml.io.database.params import login

        return login(self.params, self._reveal)
