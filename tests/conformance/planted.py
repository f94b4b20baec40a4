"""A package that breaks the contract with plug-ins in every way that the conformance suite is to find.

Each component breaks one thing; `PLANTED` says which check finds it, and what it says.
"""

from pathlib import Path

NAME = "acme-faulty"
_HEAD = '''"""Planted violations."""

import json
import random
from pathlib import Path

from pydantic import BaseModel, Field

from drivetrain import (
    CheckOutcome, ContentError, Export, Fault, Fitted, GateCheck, Predictions, Sink, Source, Splitter, Strict, Trainer,
    Writer,
)


class Nothing(Strict):
    """No parameters."""


class Where(Strict):
    """A file."""

    path: str = Field(description="a file of JSON Lines")

'''
SOURCES = f'''{_HEAD}
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
TRAINERS = f'''{_HEAD}
class Constant(Fitted):
    """The same prediction for every row."""

    shares = (0.6, 0.4)

    def predict(self, features):
        import numpy as np

        probabilities = np.tile(np.array(self.shares), (len(features), 1))
        return Predictions(codes=probabilities.argmax(axis=1), probabilities=probabilities)

    def export(self, folder, example):
        (folder / "rules.json").write_text(json.dumps({{"kind": "constant", "probabilities": [0.6, 0.4]}}))
        return Export(runtime="rules", file="rules.json", reason="constant")


class Sound(Trainer):
    """Breaks nothing."""

    Params = Nothing
    tasks = ("binary",)

    def fit(self, train, validation, signature, *, seed):
        if not len(train.target):
            raise ContentError("no rows")
        return self.fitted(train, seed)

    def fitted(self, train, seed):
        return Constant()


def drawn(share):
    found = Constant()
    found.shares = (share, 1 - share)
    found.export = lambda folder, example: (
        (folder / "rules.json").write_text(json.dumps({{"kind": "constant", "probabilities": list(found.shares)}}))
        and Export(runtime="rules", file="rules.json", reason="constant")
    )
    return found


class Dice(Sound):
    """Draws from the generator that everybody shares."""

    def fitted(self, train, seed):
        return drawn(random.random())


class Seedless(Sound):
    """Predicts otherwise after every fit."""

    def fitted(self, train, seed):
        return drawn(random.SystemRandom().random())


class Greedy(Sound):
    """Changes what it is given."""

    def fitted(self, train, seed):
        train.features[0, 0] += 1
        return Constant()


class Liar(Sound):
    """Its packaged form predicts otherwise."""

    def fitted(self, train, seed):
        found = Constant()
        found.shares = (0.9, 0.1)
        return found


class Pickler(Sound):
    """Packages itself as a pickle."""

    def fitted(self, train, seed):
        found = Constant()
        found.export = self.pickled
        return found

    def pickled(self, folder, example):
        import pickle

        (folder / "model.pkl").write_bytes(pickle.dumps([1]))
        return Export(runtime="pickle", file="model.pkl", reason="quick")


class Brave(Sound):
    """Learns from nothing."""

    def fit(self, train, validation, signature, *, seed):
        return Constant()


class Crashing(Sound):
    """Ends in an error of Python's where there is no row."""

    def fit(self, train, validation, signature, *, seed):
        1 / len(train.target)
        return Constant()


class Unequal(Sound):
    """Probabilities that are no shares of one."""

    def fitted(self, train, seed):
        found = Constant()
        found.predict = lambda features: self.unequal(features)
        found.export = Constant().export
        return found

    def unequal(self, features):
        import numpy as np

        return Predictions(codes=np.zeros(len(features), np.int64), probabilities=np.full((len(features), 2), 0.9))


class Taskless(Sound):
    """Learns a task that there is not."""

    tasks = ("clustering",)


class Unfinished(Trainer):
    """Defines no fit."""

    Params = Nothing
    tasks = ("binary",)
'''
JUDGES = f'''{_HEAD}
import sklearn
from ml.values.units import format_hint


class Lots(Splitter):
    """Draws lots anew every time."""

    Params = Nothing

    def assign(self, rows, target, *, test, validation, by, salt):
        import numpy as np

        return np.random.default_rng().choice(np.array(["train", "validation", "test"]), len(rows))


class Strange(Splitter):
    """Knows a set that there is not."""

    Params = Nothing

    def assign(self, rows, target, *, test, validation, by, salt):
        import numpy as np

        return np.array((["train", "test", "holdout"] * len(rows))[: len(rows)], dtype=str)


class Mute(GateCheck):
    """Does not say why."""

    Params = Nothing

    def check(self, evidence):
        return [CheckOutcome(name="mute", value=None, threshold=None, passed=False, why="")]


class Brittle(GateCheck):
    """Needs a metric that may not be there."""

    Params = Nothing

    def check(self, evidence):
        value = evidence.scores["accuracy"]
        return [CheckOutcome(name="brittle", value=value, threshold=0.0, passed=True, why="it is there")]
'''
NOSY = f'''{_HEAD}
import acme_faulty.trainers
import zenml


class Nosy(Splitter):
    """Its module imports another component's, and ZenML."""

    Params = Nothing

    def assign(self, rows, target, *, test, validation, by, salt):
        import numpy as np

        return np.array((["train", "test"] * len(rows))[: len(rows)], dtype=str)
'''
FLAVORS = '''"""Planted violations of flavors."""

from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterConfig, BaseAlerterFlavor


class Settings(BaseAlerterConfig):
    """Settings."""

    token: str = ""


class Loose(BaseAlerterFlavor):
    """A setting that is not described and holds a secret."""

    @property
    def name(self):
        return "acme_loose"

    @property
    def config_class(self):
        return Settings

    @property
    def implementation_class(self):
        return BaseAlerter


class Misnamed(Loose):
    """Calls itself otherwise."""
'''
BROKEN = 'print("an advertisement")\nraise RuntimeError("no licence")\n'
_ENTRY_POINTS = {
    "drivetrain.contract": {"1.0": "acme_faulty"},
    "drivetrain.components": {
        **{
            f"load.{name}": f"acme_faulty.sources:{kind}"
            for name, kind in (
                ("undescribed", "Undescribed"), ("lenient", "Lenient"), ("undocumented", "Undocumented"),
                ("open_secret", "OpenSecret"), ("wrong_default", "WrongDefault"), ("untried", "Untried"),
                ("moody", "Moody"), ("shuffling", "Shuffling"), ("headless", "Headless"), ("fragile", "Fragile"),
                ("blind", "Blind"), ("overfed", "Overfed"), ("csv", "Lines"),
            )
        },
        **{f"write.{name}": f"acme_faulty.sources:{name.title()}" for name in ("hasty", "messy")},
        **{
            f"train.{name}": f"acme_faulty.trainers:{name.title()}"
            for name in (
                "sound", "dice", "seedless", "greedy", "liar", "pickler", "brave", "crashing", "unequal", "taskless",
                "unfinished",
            )
        },
        **{f"split.{name}": f"acme_faulty.judges:{name.title()}" for name in ("lots", "strange")},
        **{f"gate.{name}": f"acme_faulty.judges:{name.title()}" for name in ("mute", "brittle")},
        "split.nosy": "acme_faulty.nosy:Nosy",
        "split.crooked": "acme_faulty.trainers:Sound",
        "load.unlicensed": "acme_faulty.broken:Source",
        "nonsense": "acme_faulty.sources:Lines",
    },
    "drivetrain.flavors": {
        "acme_loose": "acme_faulty.flavors:Loose",
        "acme_misnamed": "acme_faulty.flavors:Misnamed",
        "local": "acme_faulty.flavors:Loose",
    },
    "drivetrain.conf": {"acme": "acme_faulty.conf", "gone": "acme_faulty.nowhere"},
    "drivetrain.examples": {
        **{
            f"load.{name}": "acme_faulty.sources:rows"
            for name in (
                "undescribed", "lenient", "undocumented", "open_secret", "wrong_default", "moody", "shuffling",
                "headless", "fragile", "blind", "overfed",
            )
        },
        **{f"write.{name}": "acme_faulty.sources:output" for name in ("hasty", "messy")},
    },
}  # fmt: skip
_STACK = """name: {name}
orchestrator: {{flavor: {orchestrator}}}
artifact_store: {{flavor: local}}
"""
_CONF = {
    "config.yaml": "seed: 7\n",
    "stacks/typo.yaml": "# A folder that is no group.\nname: typo\n",
    "experiment/placed.yaml": "# @package _global_\n# Says where it runs.\nname: placed\nstack: {name: local}\n",
    "experiment/lost.yaml": "# Not packaged at the top.\nname: lost\n",
    "experiment/half.yaml": "# @package _global_\n# Names no data.\nname: half\n",
    "data/coded.yaml": "# Names code to import.\nname: csv\n_target_: os.system\n",
    "data/secretive.yaml": "# Reads the environment.\nname: csv\npath: ${oc.env:HOME}\n",
    "trainer/unknown.yaml": "# A trainer that is not registered.\nname: random_forrest\n",
    "trainer/silent.yaml": "name: ridge\n",
    "trainer/unreadable.yaml": "# Not YAML.\nname: [ridge\n",
    "trainer/ridge.yaml": "# One of our own names.\nname: ridge\n",
    "split/nosy.yaml": "# @package hydra.job\n# Would change how Hydra runs.\nname: nosy\n",
    "stack/nowhere.yaml": "# A flavor that is not there.\n" + _STACK.format(name="nowhere", orchestrator="kubernete"),
    "stack/eager.yaml": "# A setting that is not there.\n"
    + _STACK.format(name="eager", orchestrator="local")
    + "alerter: {flavor: slack, settings: {slack_chanel: C1}}\n",
}

PLANTED: list[tuple[str, str, str]] = [
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
    ("trainer dice, binary", "deterministic", "it draws from random, which everybody shares"),
    ("trainer dice, binary", "deterministic", "two fits with one seed predict differently"),
    ("trainer seedless, binary", "deterministic", "two fits with one seed predict differently"),
    ("trainer greedy, binary", "deterministic", "it changes the train matrix"),
    ("trainer liar, binary", "round trip", "its packaged form predicts otherwise"),
    ("trainer pickler, binary", "round trip", "export names the runtime 'pickle'"),
    ("trainer pickler, binary", "round trip", "export wrote a pickle, model.pkl"),
    ("trainer brave, binary", "empty", "takes a table without a row"),
    ("trainer crashing, binary", "empty", "ZeroDivisionError"),
    ("trainer unequal, binary", "predictions", "not shares of 1"),
    ("trainer unequal, binary", "round trip", "predicts otherwise"),
    ("trainer taskless", "tasks", "('clustering',)"),
    ("trainer unfinished", "declared", "does not define fit"),
    ("split lots", "deterministic", "the same rows come into other sets"),
    ("split lots", "deterministic", "the rows' index decides"),
    ("split strange", "sets", "['holdout']"),
    ("split crooked", "registered", "is not a subclass of drivetrain.Splitter"),
    ("split lots", "imports", "scipy, sklearn: import it in the function"),
    ("split nosy", "imports", "imports zenml"),
    ("split nosy", "imports", "imports acme_faulty.trainers of split crooked"),
    ("gate check mute", "outcomes", "does not say why"),
    ("gate check mute", "empty", "does not say why"),
    ("gate check brittle", "empty", "KeyError"),
    ("source code", "imports", "imports ml.values.units: import drivetrain instead"),
    ("source code", "imports", "imports zenml: only a flavor's module may"),
    ("source code", "pickles", "imports pickle"),
    ("flavor acme_loose", "described", "the setting token has no description"),
    ("flavor acme_loose", "secrets", "the setting token would hold a secret"),
    ("flavor acme_misnamed", "registered", "calls itself 'acme_loose'"),
    ("flavor local", "registered", "a name of ours or of ZenML's"),
    ("configuration", "registered", "'gone' of acme-faulty 1.0 does not name a folder"),
    ("configuration", "registered", "brings a config.yaml, which is not used"),
    ("configuration", "registered", "brings the folder stacks, which is no group"),
    ("experiment/placed", "composes", "names a stack"),
    ("experiment/lost", "composes", "is not packaged at the top"),
    ("experiment/half", "composes", "data: nothing is chosen"),
    ("data/coded", "composes", "no configuration may name code to import"),
    ("data/secretive", "composes", "asks for oc.env"),
    ("trainer/unknown", "names", "Did you mean 'random_forest'"),
    ("trainer/silent", "documented", "no comment says what it is"),
    ("trainer/unreadable", "composes", "is not readable configuration"),
    ("trainer/ridge", "composes", "one of our own names; ours is used"),
    ("split/nosy", "composes", "cannot be set by"),
    ("stack/nowhere", "composes", "'kubernete' is not a flavor of orchestrator"),
    ("stack/eager", "composes", "no such setting"),
    ("package", "documented", "no description in its pyproject.toml"),
]
"""Subject, check, and part of the message."""


def plant(site: Path) -> Path:
    """Write the package into a folder as if it were installed there."""
    package, info = site / "acme_faulty", site / "acme_faulty-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n", encoding="utf-8")
    sections = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in _ENTRY_POINTS.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections), encoding="utf-8")
    files = {
        "__init__.py": '"""Planted."""\n', "sources.py": SOURCES, "trainers.py": TRAINERS, "judges.py": JUDGES,
        "nosy.py": NOSY, "flavors.py": FLAVORS, "broken.py": BROKEN,
        **{f"conf/{name}": text for name, text in _CONF.items()},
    }  # fmt: skip
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return site
