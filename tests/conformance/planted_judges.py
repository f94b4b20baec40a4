"""Planted violations of splits and gate checks, and of what a module may import."""

from tests.conformance.planted_head import HEAD, Planted

JUDGES = f'''{HEAD}
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
NOSY = f'''{HEAD}
import acme_faulty.trainers
import zenml


class Nosy(Splitter):
    """Its module imports another component's, and ZenML."""

    Params = Nothing

    def assign(self, rows, target, *, test, validation, by, salt):
        import numpy as np

        return np.array((["train", "test"] * len(rows))[: len(rows)], dtype=str)
'''
COMPONENTS = {
    **{f"split.{name}": f"acme_faulty.judges:{name.title()}" for name in ("lots", "strange")},
    **{f"gate.{name}": f"acme_faulty.judges:{name.title()}" for name in ("mute", "brittle")},
    "split.nosy": "acme_faulty.nosy:Nosy",
    "split.crooked": "acme_faulty.trainers:Sound",
}
PLANTED: Planted = [
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
]
