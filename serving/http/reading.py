"""A predict request's body to checked rows, and what the journal keeps of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import to_json

from ml.text.read_text import TextReader
from ml.validation.actions import Flag
from ml.validation.checked import Checked
from ml.validation.row_errors import NOT_SPELLED_OUT, RowError
from ml.validation.rows import Validator
from ml.values.numbers import Numbers
from schemas.deploy_spec import DeploySpec
from schemas.journal_spec import Keep
from schemas.signature import Signature
from serving.http.errors import RETRY, HttpError
from serving.http.instances import EXPLAIN, instances
from serving.http.number_rows import NumberRows
from serving.http.row_reader import OversizedRow, RowReader
from serving.journal.inputs import Kept, of_columns, of_rows
from serving.journal.kept import Keeper
from serving.lookups.enrichment import Enriched, Enrichment
from serving.lookups.lookup import Lookup

_EXPLAINED = 100  # rows whose error is spelled out
_FLAG_BYTES = 60  # of an answer that one value takes at least which is told of
_OVERSIZED: RowError = {"column": None, "message": "has far more lists, numbers or keys than its inputs have"}
Admit = Callable[[int, bool], None]
GoOn = Callable[[], None]


@dataclass(frozen=True)
class Rows:
    """How many rows a request has, what validation found, and what is kept of the valid ones.

    `explain`: whether to say what moved each prediction.
    """

    count: int
    checked: Checked
    kept: Kept
    explain: bool


class Reader(ABC):
    """What reads the requests to one version."""

    waits: bool = False
    """Whether `read` may wait for others than the processor, so that it belongs into a thread."""
    looked_up: Collection[str] = frozenset()
    """The columns that `read` looks up where they are left out, and `check` does not."""

    @abstractmethod
    def read(self, body: bytes, admit: Admit, go_on: GoOn) -> Rows:
        """Return what a body holds. Raises HttpError.

        Args:
            body: As it was sent.
            admit: Asked with a number of rows, and whether they are to be explained, before they are worked on; raises
                HttpError where they are too many.
            go_on: Asked before each row and each text; raises HttpError where the time for the request is over.
        """

    @abstractmethod
    def check(self, rows: Sequence[Any], admit: Admit, go_on: GoOn) -> Rows:
        """Return what rows are that came in another form. Raises HttpError.

        Args:
            rows: At least one, as `ml.validation.rows.Validator.check` takes them.
            admit: As of `read`.
            go_on: As of `read`.
        """


def reader(
    signature: Signature,
    validator: Validator,
    spec: DeploySpec,
    keep: Keep,
    texts: Mapping[str, TextReader],
    lookups: Sequence[Lookup] = (),
) -> Reader:
    """Return what reads requests to a version: row by row where they hold arrays.

    Args:
        signature: Its inputs.
        validator: What checks rows.
        spec: The service's limits.
        keep: What the journal keeps.
        texts: What reads the words of texts: the model that is asked, so that it need not read them again.
        lookups: What fills in columns that a request leaves out; models that take arrays have none.
    """
    keeper = Keeper(signature, keep)
    if signature.arrays:
        return _OfArrays(RowReader(signature), keeper, validator, spec, texts)
    known = [*validator.names, *signature.ignored]
    numbers = NumberRows(validator.names, validator.nullable, spec.max_rows) if validator.of_numbers else None
    return _OfTables(keeper, validator, spec, texts, numbers, Enrichment(lookups, validator.names, known))


@dataclass(frozen=True)
class _OfTables(Reader):
    keeper: Keeper
    validator: Validator
    spec: DeploySpec
    texts: Mapping[str, TextReader]
    numbers: NumberRows | None
    enrichment: Enrichment

    @property
    def waits(self) -> bool:  # type: ignore[override]
        """Whether anything is looked up."""
        return bool(self.enrichment.columns)

    @property
    def looked_up(self) -> Collection[str]:  # type: ignore[override]
        """Columns of lookups."""
        return self.enrichment.columns

    def read(self, body: bytes, admit: Admit, go_on: GoOn) -> Rows:
        table = None if self.numbers is None else self.numbers.table(body)
        checked = None if table is None else self.validator.check_numbers(table)
        if checked is not None:
            count = len(checked.positions)
            admit(count, False)
            return Rows(count, checked, of_columns([], checked.as_sent), explain=False)
        rows, explain = instances(body, self.spec.max_rows, self.validator.columns)
        if not self.enrichment:
            return self._checked(rows, admit, go_on, explain=explain)
        admit(len(rows), explain)
        return self._checked(rows, admit, go_on, explain=explain, looked_up=self._looked_up(rows, go_on))

    def check(self, rows: Sequence[Any], admit: Admit, go_on: GoOn) -> Rows:
        return self._checked(rows, admit, go_on, explain=False)

    def _checked(
        self, rows: Sequence[Any], admit: Admit, go_on: GoOn, *, explain: bool, looked_up: Enriched | None = None
    ) -> Rows:
        admit(len(rows), explain)
        if not self.texts:
            checked = self.validator.check(rows, _EXPLAINED, self.spec.max_answer // _FLAG_BYTES)
        else:
            checked = self.validator.check(_each(rows, go_on), _EXPLAINED, self.spec.max_answer // _FLAG_BYTES)
            checked = replace(checked, cells=_read(checked.cells, self.texts, go_on))
        if looked_up is not None:
            checked = _told(checked, looked_up)
        return Rows(len(rows), checked, self._kept(rows, checked), explain)

    def _looked_up(self, rows: list[Any], go_on: GoOn) -> Enriched:
        """Put what is looked up into rows. Raises HttpError where nobody answers for any of them."""
        go_on()
        found = self.enrichment.put(rows)
        if found.down is not None:
            raise HttpError(503, f"the lookup {found.down!r} does not answer; try again", headers=RETRY)
        go_on()
        return found

    def _kept(self, rows: Sequence[Any], checked: Checked) -> Kept:
        valid = rows if len(checked.positions) == len(rows) else [rows[place] for place in checked.positions]
        if not self.keeper.names:
            if Numbers in map(type, checked.cells.values()):
                return of_columns(valid, checked.as_sent)
            return of_rows(list(map(self.validator.inputs, valid)))
        texts = {name: checked.cells[name] for name in self.keeper.names}
        return of_rows(
            [
                self.keeper.row(self.validator.inputs(row), {name: cells[place] for name, cells in texts.items()})
                for place, row in enumerate(valid)
            ]
        )


@dataclass(frozen=True)
class _OfArrays(Reader):
    rows: RowReader
    keeper: Keeper
    validator: Validator
    spec: DeploySpec
    texts: Mapping[str, TextReader]

    def read(self, body: bytes, admit: Admit, go_on: GoOn) -> Rows:
        said: dict[str, bool] = {}
        return self._checked(self.rows.rows(body, self.spec.max_rows, said), said, admit, go_on)

    def check(self, rows: Sequence[Any], admit: Admit, go_on: GoOn) -> Rows:
        return self._checked(rows, {}, admit, go_on)

    def _checked(self, rows: Iterable[Any], said: Mapping[str, bool], admit: Admit, go_on: GoOn) -> Rows:
        names, found, kept = self.validator.names, list[dict[str, Any]](), list[str]()
        errors: dict[int, RowError] = {}
        flags: dict[int, list[Flag]] = {}
        positions: list[int] = []
        for place, row in enumerate(rows):
            admit(place + 1, said.get(EXPLAIN, False))
            go_on()
            if isinstance(row, OversizedRow):
                errors[place] = _OVERSIZED
                continue
            row = self.validator.filled(row)
            spelled_out = len(errors) < _EXPLAINED
            checked = self.validator.check([row])
            if checked.errors:
                errors[place] = checked.errors[0] if spelled_out else NOT_SPELLED_OUT
                continue
            cells = {name: column[0] for name, column in _read(checked.cells, self.texts, go_on).items()}
            positions.append(place)
            if checked.flags:
                flags[place] = checked.flags[0]
            found.append(cells)
            kept.append(to_json(self.keeper.row(self.validator.inputs(row), cells)).decode())
        columns: dict[str, Sequence[Any]] = {name: [cells[name] for cells in found] for name in names}
        count, explain = len(positions) + len(errors), said.get(EXPLAIN, False)
        admit(count, explain)  # which may be said behind the rows
        return Rows(count, Checked(columns, positions, errors, flags), Kept(f"[{','.join(kept)}]"), explain)


def _told(checked: Checked, found: Enriched) -> Checked:
    """Return rows with what lookups say of them."""
    if not found.errors and not found.flags:
        return checked
    errors = {
        place: error if error is NOT_SPELLED_OUT else found.errors.get(place, error)
        for place, error in checked.errors.items()
    }
    both = {place: found.flags.get(place, []) + checked.flags.get(place, []) for place in checked.positions}
    return replace(checked, errors=errors, flags={place: flags for place, flags in both.items() if flags})


def _each(rows: Iterable[Any], go_on: GoOn) -> Iterator[Any]:
    for row in rows:
        go_on()
        yield row


def _read(cells: Mapping[str, Sequence[Any]], texts: Mapping[str, TextReader], go_on: GoOn) -> dict[str, Sequence[Any]]:
    """Return cells with their texts read, for the model and for the journal."""
    found = dict(cells)
    for name, of in texts.items():
        found[name] = [None if text is None else of.read(text) for text in _each(cells[name], go_on)]
    return found
