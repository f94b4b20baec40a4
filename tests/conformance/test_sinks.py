"""A sound sink with one thing wrong has that one violation."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from drivetrain import (
    ContentError,
    Fault,
)
from drivetrain.testing import (
    check_sink,
    require,
)
from tests.conformance.sound import Lined, Out, altered, only, out_of


class _Writes(Lined):
    def commit(self) -> None:
        self.part.unlink()


class _Changes(Lined):
    def write(self, frame: pd.DataFrame) -> None:
        super().write(frame)
        frame.loc[frame.index[:1], "size"] = 7.0


SINKS: list[tuple[dict[str, Any], str, str]] = [
    ({"place": ""}, "commit", "place is ''"),
    ({"open": lambda self: _Writes(Path(self.params.path))}, "commit", "nothing is there after commit"),
    ({"open": lambda self: _Changes(Path(self.params.path))}, "commit", "it changes the rows that it was given"),
    ({"preflight": lambda self: []}, "commit", "it writes over an output that is there"),
]


@pytest.mark.parametrize(("changed", "check", "message"), SINKS)
def test_a_sink_with_one_thing_wrong(changed: dict[str, Any], check: str, message: str) -> None:
    only(check_sink(altered(Out, **changed), out_of), check, message)


def test_a_sink_whose_preflight_refuses_an_empty_folder() -> None:
    refusing = altered(Out, preflight=lambda self: [Fault("path", "never")])
    only(check_sink(refusing, out_of), "commit", "preflight refuses a folder without an output: never")


def test_a_sink_that_commit_protects_may_say_so_late() -> None:
    class Late(Lined):
        def commit(self) -> None:
            if self.path.exists():
                raise ContentError("it is there")
            super().commit()

    require(check_sink(altered(Out, preflight=lambda self: [], open=lambda self: Late(Path(self.params.path))), out_of))


def test_a_sink_that_ends_in_pythons_error_without_rows() -> None:
    class Fragile(Lined):
        def commit(self) -> None:
            1 / sum(map(len, self.frames))
            super().commit()

    fragile = altered(Out, open=lambda self: Fragile(Path(self.params.path)))
    only(check_sink(fragile, out_of), "empty", "without a row it raised ZeroDivisionError")
