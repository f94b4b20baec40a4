"""The tables of a journal, and the number of their format."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

_Id = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER PRIMARY KEY counts up by itself in SQLite
_metadata = MetaData()

FORMAT = 3
"""Of the journals that are made now. Those of format 1 have no table that says so, and a row for each prediction; those
of format 2 lack the columns `LATER_COLUMNS`.
"""

predictions = Table(
    "predictions",  # of format 1: nothing is added any more
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("request_id", String(36), nullable=False),
    Column("row", Integer, nullable=False),
    Column("time", Double, nullable=False),
    Column("version", String(255), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("confidence", Double),
    Column("needs_review", Boolean, nullable=False),
    Column("latency", Double, nullable=False),
    UniqueConstraint("request_id", "row", name="one_prediction_per_request_and_row"),
)
labels = Table(
    "labels",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("request_id", String(36), nullable=False),
    Column("row", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("who", String(255)),  # the source that a client names with its label
    Column("time", Double, nullable=False),
)
releases = Table(
    "releases",
    _metadata,
    Column("sequence", _Id, primary_key=True, autoincrement=False),
    Column("version", String(255), nullable=False),
    Column("package_url", Text, nullable=False),
    Column("weight", Double, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text),
    Column("worker", String(64)),
    Column("time", Double, nullable=False),
)
workers = Table(
    "workers",
    _metadata,
    Column("worker", String(64), primary_key=True),
    Column("seen", Double, nullable=False),
)
requests = Table(
    "requests",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("request_id", String(36), nullable=False, unique=True),
    Column("time", Double, nullable=False),
    Column("version", String(255), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("places", Text),
    Column("inputs", Text, nullable=False),
    Column("numbers", LargeBinary),
    Column("answers", Text, nullable=False),
    Column("for_review", Integer, nullable=False),
    Column("latency", Double, nullable=False),
    Column("share", Double),
    Column("trace", String(55)),
    Column("flags", Text),
)
shadows = Table(
    "shadows",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("request_id", String(36), nullable=False),
    Column("time", Double, nullable=False),
    Column("version", String(255), nullable=False),
    Column("status", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("places", Text),
    Column("answers", Text, nullable=False),
    Column("for_review", Integer, nullable=False),
    Column("latency", Double, nullable=False),
    UniqueConstraint("request_id", "version", name="one_answer_per_request_and_shadow"),
)
losses = Table(
    "losses",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("version", String(255), nullable=False),
    Column("requests", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),
)
leases = Table(
    "leases",  # who does what only one worker may do
    _metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Double, nullable=False),
)
removed = Table(
    "removed",  # how many rows of a table went because they were old
    _metadata,
    Column("name", String(32), primary_key=True),
    Column("rows", BigInteger, nullable=False),
)
archives = Table(
    "archives",  # files that requests went to; of those that are kept, the rows here are not read any more
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("url", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("last_label", BigInteger, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("kept", Boolean, nullable=False),
    Column("time", Double, nullable=False),
)
journal_format = Table("journal_format", _metadata, Column("version", Integer, primary_key=True, autoincrement=False))
unanswered = Table(
    "unanswered",  # written only while versions stand side by side
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("request_id", String(36), nullable=False),
    Column("time", Double, nullable=False),
    Column("version", String(255), nullable=False),
    Column("share", Double),
    Column("status", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("latency", Double, nullable=False),
)
routed_keys = Table(
    "routed_keys",
    _metadata,
    Column("key", String(32), primary_key=True),
    Column("request_id", String(36), nullable=False),
)
rollouts = Table(
    "rollouts",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("running", Integer, unique=True),  # 1, null once it has ended: one at a time
    Column("step", Integer, nullable=False),
    Column("candidate", String(255), nullable=False),
    Column("package_url", Text, nullable=False),
    Column("old", String(255), nullable=False),
    Column("pointer", BigInteger, nullable=False),
    Column("spec", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("outcome", String(16)),
    Column("holder", String(64)),
    Column("held_until", Double),
)
retrainings = Table(
    "retrainings",  # what a model was trained again for, each cause once
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("cause", String(128), nullable=False, unique=True),
    Column("running", Integer, unique=True),  # 1, null once it has ended: one at a time
    Column("step", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("last_label", BigInteger, nullable=False),
    Column("as_of", Double, nullable=False),
    Column("holder", Text),
    Column("held_until", Double),
    Column("attempts", Integer, nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("outcome", String(16)),
    Column("version", String(255)),
    Column("said", Text),
)
LATER_COLUMNS = (requests.c.share, requests.c.trace, requests.c.flags)
"""What an earlier format's tables lack; all of it may be null."""
Index("predictions_by_time", predictions.c.time)
Index("labels_by_prediction", labels.c.request_id, labels.c.row)
Index("requests_by_time", requests.c.time)
Index("unanswered_once", unanswered.c.request_id, unanswered.c.status, unique=True)
Index("routed_keys_by_request", routed_keys.c.request_id)

FIRST = (labels, predictions, releases, workers, requests, shadows, journal_format)
"""As they lie in the file: `salvage` lends a file that has lost its first page that of a journal of these alone, for
SQLite's table of tables fits on it then."""
IN_ORDER = (*FIRST, losses, leases, removed, archives, unanswered, routed_keys, rollouts, retrainings)
