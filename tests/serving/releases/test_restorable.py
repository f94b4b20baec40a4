"""Which versions a release can come back to."""

from serving.journal.engine import connect
from serving.releases import events
from serving.releases.events import Entry
from serving.releases.publisher import restorable


def test_it_is_what_answers_what_follows_and_what_a_rollback_brings_back(journal_url: str) -> None:
    engine = connect(journal_url)
    states = [("1", "current"), ("2", "current"), ("3", "current"), ("4", "candidate"), ("5", "shadow")]
    entries = [
        Entry(name, f"/packages/{name}", state, weight=0.1 if state == "candidate" else 0.0)  # type: ignore[arg-type]
        for name, state in states
    ]
    events.append(engine, lambda _past: entries)
    assert restorable(journal_url) == ["2", "3", "4", "5"]
    events.append(engine, lambda _past: [Entry("4", "/packages/4", "withdrawn"), Entry("3", "/packages/3", "retired")])
    assert restorable(journal_url)[:2] == ["1", "2"]


def test_of_an_empty_journal_there_is_none(journal_url: str) -> None:
    assert restorable(journal_url) == []
