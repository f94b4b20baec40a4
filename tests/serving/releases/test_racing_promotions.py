"""Of processes that promote at once one wins, in each kind of journal; the others are told who did."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete

from serving.journal.engine import connect
from serving.journal.schema import releases as table
from serving.releases import events
from serving.releases.publisher import releases
from tests.serving.journal.conftest import any_journal as any_journal
from tests.serving.journal.conftest import postgresql as postgresql
from tests.serving.releases.racers import Racers, racers, worker
from tests.soak import count

pytestmark = [pytest.mark.slow, pytest.mark.untraced]
SIZES = (2, 4, 8)
ROUNDS = count(2, 1_000)  # of each size
_BEGIN_ANEW = 20  # rounds in which the stream of releases stays short


@pytest.fixture(scope="module")
def racing() -> Iterator[Racers]:
    with racers(max(SIZES)) as found:
        yield found


@pytest.mark.parametrize("size", SIZES)
def test_of_processes_that_promote_at_once_one_wins_and_the_others_are_told_who(
    any_journal: str, racing: Racers, size: int
) -> None:
    engine = connect(any_journal)
    for begin in range(0, ROUNDS, _BEGIN_ANEW):
        with worker(engine, size):
            for number in range(begin, min(begin + _BEGIN_ANEW, ROUNDS)):
                versions = [f"{number}-{racer}" for racer in range(size)]
                assert_one_won(any_journal, engine, racing.promote(any_journal, versions))
        with engine.begin() as connection:
            connection.execute(delete(table))
    engine.dispose()


def assert_one_won(url: str, engine: Engine, answers: dict[str, str]) -> None:
    (winner,) = [version for version, why in answers.items() if not why]
    for version, why in answers.items():
        assert version == winner or why == f"Version {version} was not published: {winner} became current meanwhile"
    found = releases(url)
    assert [one.version for one in found if one.weight] == [winner] == [found[0].version]
    with engine.connect() as connection:
        past = events.read(connection)
    assert [one.sequence for one in past] == list(range(1, len(past) + 1))
    assert events.open_announcements(past) == [], "a loser's announcement is closed"
    mine = [one for one in past if one.version in answers]
    assert [one.state for one in mine].count("current") == 1
    assert [one.state for one in mine].count("failed") == len(answers) - 1
