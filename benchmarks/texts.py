"""What a text costs, as ratios in one run on this machine, over the loopback interface only.

    python -m benchmarks.texts [SECONDS OF EACH LOAD]

Prints JSON: microseconds that the weights of the words of one text of 3 kB take here and in scikit-learn, and requests
per second at 32 connections, one such text each, against a plain `@bentoml.api` around the same words and the same
estimator in scikit-learn (goal: at least 5 times). Both predict the same, and are loaded in turns; the ratio is that of
the medians.
"""

import json
import os
import sys
import tempfile
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.service import bentoml_service, load, rate
from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.package.build import build_candidate
from ml.package.model import PackagedModel
from ml.schema_inference.infer import infer_schema
from ml.text.tfidf import Tfidf
from ml.trainers.sklearn.presets import LogisticRegression
from schemas.choice import Choice
from schemas.data_spec import DataSpec
from schemas.deploy_spec import DeploySpec
from schemas.package import DataRecord, SplitRecord
from schemas.signature import Signature, TfidfDerivation
from serving.process import services
from serving.process.deploy import deploy

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ROWS, WORDS, LENGTH = 2_000, 20_000, 520  # 520 words are 3 kB
SENT = 200  # texts that are sent in turn
ROUNDS = 5


def main() -> None:
    """Measure, print, and stop everything again."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        print(json.dumps(measure(Path(folder), seconds), indent=1))


def measure(home: Path, seconds: float) -> dict[str, Any]:
    """Return all figures."""
    rows = texts()
    signature = package(rows, home / "package")
    (words,) = (one for one in signature.derivations if isinstance(one, TfidfDerivation))
    plain, text = fit_plain(rows, words), str(rows["text"][0])
    # Other texts from request to request: of one that comes again the words are known already.
    body = b"\n".join(json.dumps({"instances": [{"text": one}]}).encode() for one in rows["text"][:SENT])
    require_equal(home / "package", plain, text)
    own = Tfidf(words.words, words.idf, ngrams=words.ngrams, sublinear=words.sublinear)
    microseconds = {
        "ours": took(lambda text: own([text]), rows),
        "scikit_learn": took(lambda text: plain[0].transform([text]), rows),
    }
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    with our_service(home) as ours, plain_service(home, plain) as theirs:
        for round_number in range(ROUNDS + 1):
            for name, chosen in (("ours", ours), ("plain", theirs)):
                found = load(chosen, "/predict", body, seconds)
                if round_number:  # the first warms both ends
                    rates[name].append(round(rate(found)))
    return {
        "characters": len(text),
        "weights_us": microseconds,
        "requests_per_second": rates,
        "requests_ratio": median(rates["ours"]) / median(rates["plain"]),
    }


def texts() -> pd.DataFrame:
    """Return texts of drawn words, as frequent as words are (Zipf), of two kinds that prefer other words."""
    draw = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(draw.choice(letters, draw.integers(2, 9))) for _ in range(WORDS)])
    common = 1 / np.arange(1, WORDS + 1)
    kinds, rows = draw.integers(0, 2, ROWS), []
    for kind in kinds:
        weights = common * np.where(np.arange(WORDS) % 2 == kind, 1.5, 1.0)
        rows.append(" ".join(draw.choice(words, LENGTH, p=weights / weights.sum())))
    return pd.DataFrame({"text": rows, "kind": np.where(kinds, "odd", "even")})


def package(rows: pd.DataFrame, root: Path) -> Signature:
    """Train on the rows and write the model as a package; return its signature."""
    schema = infer_schema(rows, DataSpec(source=Choice(name="csv"), target="kind"))
    signature = fit_signature(rows, schema)
    matrix = make_matrix(rows, signature, schema.problem)
    fitted = LogisticRegression(LogisticRegression.Params()).fit(matrix, matrix, signature, seed=0)
    split = SplitRecord(method=Choice(name="random"), salt="x", test=0.2, validation=0.2)
    build_candidate(
        root,
        fitted=fitted,
        signature=signature,
        train=rows,
        model="texts",
        trainer=Choice(name="logistic_regression"),
        seed=0,
        data=DataRecord(label="texts", fingerprint="x", rows={}, split=split),
    )
    return signature


def fit_plain(rows: pd.DataFrame, words: TfidfDerivation) -> "Pipeline":
    """Fit the same in scikit-learn: the same vocabulary, weights and estimator."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression as Estimator
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(vocabulary=words.words, sublinear_tf=words.sublinear)
    return make_pipeline(vectorizer, Estimator(random_state=0)).fit(rows["text"], rows["kind"])


def require_equal(root: Path, plain: "Pipeline", text: str) -> None:
    """Check that both predict the same, so that the same work is measured."""
    found = PackagedModel.open(root).predict({"text": [text]}).probabilities
    assert found is not None
    if np.abs(found - plain.predict_proba([text])).max() > 1e-4:
        raise RuntimeError("the two services would not predict the same")


def took(work: Callable[[str], Any], rows: pd.DataFrame) -> float:
    """Return the microseconds of one text, the least of five times two hundred."""
    some = rows["text"][:SENT].tolist()
    return min(timeit.repeat(lambda: [work(text) for text in some], number=1, repeat=5)) / SENT * 1e6


@contextmanager
def our_service(home: Path) -> Iterator[int]:
    """Deploy the package; gives its port."""
    deploy(home, "texts", "1", str(home / "package"), DeploySpec())
    try:
        yield services.status(home, "texts")[0].deployment.port
    finally:
        services.stop(home, "texts")


@contextmanager
def plain_service(home: Path, fitted: "Pipeline") -> Iterator[int]:
    """Run the plain service; gives its port."""
    import skops.io

    skops.io.dump(fitted, home / "plain.skops")
    with bentoml_service("PlainTexts", home, {"PLAIN_MODEL": str(home / "plain.skops")}) as (chosen, _):
        yield chosen


if __name__ == "__main__":
    main()
