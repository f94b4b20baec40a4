"""Planted violations of trainers."""

from tests.conformance.planted_head import HEAD, Planted

TRAINERS = f'''{HEAD}
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
COMPONENTS = {
    f"train.{name}": f"acme_faulty.trainers:{name.title()}"
    for name in (
        "sound", "dice", "seedless", "greedy", "liar", "pickler", "brave", "crashing", "unequal", "taskless",
        "unfinished",
    )
}  # fmt: skip
PLANTED: Planted = [
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
]
