"""Limits that can be declared, and that another limit keeps from ever being reached: noted, since all else works."""

from collections.abc import Iterator
from dataclasses import replace

from cli.config.reading import Reading
from ml.values.column_keys import key
from schemas.run import Run

_FORM = len('{"instances":[{"":""}]}')  # bytes of a request beside a column's name and its text


def limits_fit(reading: Reading) -> Reading:
    """Note each text that may be declared longer than a request may be."""
    if reading.run is None:
        return reading
    return replace(reading, notes=(*reading.notes, *_texts_beyond_requests(reading.run)))


def _texts_beyond_requests(run: Run) -> Iterator[str]:
    for name, column in run.data.columns.items():
        most = run.deploy.max_body - _FORM - len(name.encode())
        if column.max_characters is not None and column.max_characters > most:
            yield (
                f"{key(name, 'max_characters')} is {column.max_characters:,}, but a request may have "
                f"{run.deploy.max_body:,} bytes in all (deploy.max_body): the service never takes a text of more than "
                f"{max(0, most):,} characters, and of fewer where one takes several bytes"
            )
