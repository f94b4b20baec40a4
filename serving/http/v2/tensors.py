"""The rows of an inference request."""

from collections.abc import Collection, Mapping

from ml.validation.row_errors import NOT_SPELLED_OUT, RowError
from serving.http.question import ByVersion, Question
from serving.http.reading import Admit, GoOn, Reader, Rows
from serving.http.v2.inputs import Inputs
from serving.http.v2.outputs import Outputs
from serving.http.v2.request import InferRequest, Requests
from serving.http.v2.wanted import wanted
from serving.http.work import NonePredicted, reason_of, told
from serving.releases.loaded_version import Version


class Forms:
    """What the tensors of one version are.

    Args:
        version: The version.
        most: Rows of a request.
        looked_up: As of `Inputs`.
    """

    def __init__(self, version: Version, most: int, looked_up: Collection[str]) -> None:
        self.inputs, self.outputs = Inputs(version.model.signature, most, looked_up), Outputs(version)


class Tensors(Question):
    """One request, whose JSON is read once, for all versions that are asked.

    Args:
        content: The body.
        header: How many bytes of it are JSON, None: all.
        most: Rows and columns that JSON may have values of, None where it is not known: of arrays.
        requests: What reads the JSON.
        readers: What checks the rows.
        forms: The tensors of each version.
    """

    __slots__ = ("_content", "_forms", "_header", "_most", "_read", "_readers", "_requests")

    def __init__(
        self,
        content: bytes,
        header: int | None,
        most: tuple[int, int] | None,
        requests: Requests,
        readers: ByVersion[Reader],
        forms: ByVersion[Forms],
    ) -> None:
        self._content, self._header, self._most = content, header, most
        self._requests, self._readers, self._forms = requests, readers, forms
        self._read: tuple[InferRequest, memoryview] | None = None

    @property
    def request(self) -> InferRequest:
        """What is asked. Raises HttpError."""
        return self._parts[0]

    @property
    def _parts(self) -> tuple[InferRequest, memoryview]:
        if self._read is None:
            self._read = self._requests.read(self._content, self._header, self._most)
        return self._read

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return len(self._content)

    def most_rows(self, width: int) -> int:
        """Return how many rows there are. Raises HttpError."""
        return self.request.rows

    def read(self, version: Version, admit: Admit, go_on: GoOn) -> Rows:
        """Return the rows as a version takes them, all of them valid. Raises HttpError."""
        forms, (request, rest) = self._forms.of(version), self._parts
        wanted(forms.outputs, request)
        given = forms.inputs.rows(request, rest)
        found = self._readers.of(version).check(given, admit, go_on)
        if found.checked.errors:
            raise InvalidRows(found.checked.errors, found.count)
        return found


class InvalidRows(NonePredicted):
    """Some rows break the signature: the protocol has no errors of rows, and no number stands for a prediction."""

    def __init__(self, errors: Mapping[int, RowError], count: int) -> None:
        self.errors = errors
        first = next(iter(errors.values()))
        if count == 1:
            super().__init__(422, told(first), reason=reason_of(first))
            return
        spelled = {place: error for place, error in errors.items() if error is not NOT_SPELLED_OUT}
        each = "; ".join(f"row {place}: {told(error)}" for place, error in spelled.items())
        more = f"; and {len(errors) - len(spelled)} more" if len(spelled) < len(errors) else ""
        before = f"none is predicted, since {len(errors):,} of {count:,} rows are not valid: "
        super().__init__(422, f"{before}{each}{more}", reason=f"{before}the first: {reason_of(first)}")
