"""Planted violations of sources and sinks."""

from tests.conformance.planted_head import HEAD, Planted

SOURCES = f'''{HEAD}
class Lines(Source):
    """Rows of a file."""

    Params = Where
    label = "lines"

    def read(self):
        import pandas as pd

        return pd.read_json(self.params.path, lines=True)

    def preflight(self):
        return [] if Path(self.params.path).is_file() else [Fault("path", "is not there")]


def rows(folder, table):
    table.to_json(folder / "rows.jsonl", orient="records", lines=True)
    return {{"path": str(folder / "rows.jsonl")}}


class Unsaid(Strict):
    """A file."""

    path: str


class Undescribed(Lines):
    """A parameter without a description."""

    Params = Unsaid


class Lax(BaseModel):
    """A file."""

    path: str = Field(description="a file")


class Lenient(Lines):
    """Takes keys that it does not know."""

    Params = Lax


class Undocumented(Lines):
    Params = Where


class Open(Where):
    """A file, and a password as it is."""

    password: str = Field(default="", description="who may read it")


class OpenSecret(Lines):
    """Would have a password in the configuration."""

    Params = Open


class Wrong(Where):
    """A default of another type."""

    rows: int = Field(default="many", description="how many")


class WrongDefault(Lines):
    """Its default is no value that it may have."""

    Params = Wrong


class Untried(Lines):
    """Nobody says with what it can be tried."""


class Moody(Lines):
    """Another fingerprint every time."""

    def fingerprint(self):
        return str(random.SystemRandom().random())


class Shuffling(Lines):
    """Rows in another order every time."""

    def read(self):
        return super().read().sample(frac=1, random_state=random.SystemRandom().randrange(2**31))


class Headless(Lines):
    """A header that the rows do not have."""

    def header(self):
        return ["something", "else"]


class Fragile(Lines):
    """Ends in an error of Python's where there is no row."""

    def read(self):
        found = super().read()
        1 / len(found)
        return found


class Blind(Lines):
    """Finds nothing wrong where the file is gone."""

    def preflight(self):
        return []


class Overfed(Lines):
    """Chunks that are larger than asked for."""

    def chunks(self, rows):
        yield self.read()


class Repeating(Lines):
    """The first rows, again and again."""

    def chunks(self, rows):
        found = self.read()
        for start in range(0, len(found), rows):
            yield found.iloc[: len(found.iloc[start : start + rows])]


class Stale(Lines):
    """A fingerprint that never changes."""

    def fingerprint(self):
        return "v1"


class Sized(Lines):
    """A fingerprint of the file's size alone."""

    def fingerprint(self):
        return str(Path(self.params.path).stat().st_size)


class Hasty(Sink):
    """Its output can be seen before it is whole."""

    Params = Where
    replaces = True

    @property
    def place(self):
        return self.params.path

    def open(self):
        return HastyWriter(Path(self.params.path))


class HastyWriter(Writer):
    def __init__(self, path):
        self.path = path

    def write(self, frame):
        self.path.write_text(frame.to_json())

    def commit(self):
        pass

    def abort(self):
        self.path.unlink()


class Messy(Hasty):
    """Leaves its temporary file where it is aborted."""

    def open(self):
        return MessyWriter(Path(self.params.path))


class MessyWriter(HastyWriter):
    def write(self, frame):
        self.path.with_name(".part").write_text(frame.to_json())

    def commit(self):
        self.path.with_name(".part").rename(self.path)

    def abort(self):
        pass


def output(folder, table):
    return {{"path": str(folder / "out.json")}}
'''
_TRIED = (
    "undescribed", "lenient", "undocumented", "open_secret", "wrong_default", "moody", "shuffling", "headless",
    "fragile", "blind", "overfed", "repeating", "stale", "sized",
)  # fmt: skip
COMPONENTS = {
    **{f"load.{name}": f"acme_faulty.sources:{name.title().replace('_', '')}" for name in (*_TRIED, "untried")},
    **{f"write.{name}": f"acme_faulty.sources:{name.title()}" for name in ("hasty", "messy")},
    "load.csv": "acme_faulty.sources:Lines",
    "load.unlicensed": "acme_faulty.broken:Source",
    "load.ending": "acme_faulty.ending:Source",
    "load.untriable": "acme_faulty.sources:Lines",
    "nonsense": "acme_faulty.sources:Lines",
}
EXAMPLES = {
    **{f"load.{name}": "acme_faulty.sources:rows" for name in _TRIED},
    **{f"write.{name}": "acme_faulty.sources:output" for name in ("hasty", "messy")},
    "load.parquet": "acme_faulty.sources:rows",
    "load.untriable": "acme_faulty.ending_example:rows",
}
PLANTED: Planted = [
    ("data source undescribed", "described", "the parameter path has no description"),
    ("data source lenient", "strict", "Lax takes unknown keys in silence"),
    ("data source undocumented", "documented", "Undocumented has no docstring"),
    ("data source open_secret", "secrets", "the parameter password would hold a secret"),
    ("data source wrong_default", "declared", "the default of rows, 'many', is no value"),
    ("data source untried", "example", "nothing says with which it can be tried"),
    ("data source moody", "fingerprint", "changes where nothing did"),
    ("data source shuffling", "read", "two readings give different rows"),
    ("data source headless", "read", "header gives ['something', 'else']"),
    ("data source fragile", "empty", "ZeroDivisionError"),
    ("data source blind", "lost", "finds no fault where the rows are gone"),
    ("data source overfed", "chunks", "more than the 50 rows asked for"),
    ("data source csv", "registered", "one of our own names"),
    ("data source unlicensed", "registered", "no licence"),
    ("nonsense", "registered", "is not kind.name"),
    ("data sink hasty", "commit", "can be seen before commit"),
    ("data sink messy", "abort", "something is left after abort"),
    ("data source repeating", "chunks", "have other values than read gives in size"),
    ("data source stale", "fingerprint", "stays where other rows are in the same place"),
    ("data source sized", "fingerprint", "stays where other rows are in the same place"),
    ("data source ending", "registered", "it ends the process that imports it, exit code 7"),
    ("data source untriable", "example", "it ends the process that imports it, exit code 7"),
    ("example load.parquet", "registered", "the package brings no such component"),
]
