"""Exact explanations of linear models: each input's weights times its distance from the mean of the training rows.

For a linear model of independent inputs these are its Shapley values.

Source:
    S. M. Lundberg and S.-I. Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017, corollary 1;
    E. Štrumbelj and I. Kononenko, Explaining prediction models and individual predictions with feature contributions,
    Knowledge and Information Systems 41 (2014), section 2.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml.explanations.explainer import EXACT, Explainer, Explanation, SecondsLeft, bytes_of
from ml.features.derive import Deriver, feature_names
from ml.predictions.predictions import bounded
from ml.predictions.predictor import Cells, Predictions
from schemas.explanation import LinearForm, NumberTerm
from schemas.signature import Signature

Floats = NDArray[np.float64]
_DIGITS = 1e4  # of a probability that is compared by its logarithm, to its last digit
_TOLERANCE = 1e-4
_FEWEST = 10  # rows to compare by logarithms
_CELLS = 1 << 19
"""Contributions computed at once; between two such computations it is looked at the time."""


class LinearExplainer(Explainer):
    """Explains by the coefficients."""

    def __init__(self, form: LinearForm, signature: Signature) -> None:
        self._form = form
        self._names = [one.name for one in signature.inputs]
        place = {name: position for position, name in enumerate(self._names)}
        owners = [place[one.column] for one in signature.derivations for _ in feature_names(one)]
        self._owners = np.array([owners[term.feature] for term in form.terms], dtype=np.int64)
        self._matrix = Deriver(signature).matrix
        self._at_once = max(1, _CELLS // max(1, len(form.terms) * len(form.base)))
        self.bytes_per_row = bytes_of(self._names, 1)

    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        """Yield base and contributions of each row: they add up to its output `of`."""
        features = self._matrix(cells)
        codes = None if predictions.codes is None else predictions.codes.tolist()
        for start in range(0, len(features), self._at_once):
            if left() <= 0:
                return
            some = features[start : start + self._at_once]
            chosen = [score_of(self._form, code) for code in codes[start : start + len(some)]] if codes else None
            yield from self._of_some(some, chosen or [(1.0, 0)] * len(some))

    def _of_some(self, features: NDArray[np.float32], chosen: list[tuple[float, int]]) -> Iterator[Explanation]:
        parts = contributions(self._form, features)
        signs, scores = np.array([sign for sign, _ in chosen]), np.array([score for _, score in chosen])
        sums = np.zeros((len(self._names), len(features)))
        np.add.at(sums, self._owners, parts[:, np.arange(len(features)), scores])
        for (sign, score), values in zip(chosen, (sums * signs + 0.0).T.tolist(), strict=True):
            yield {
                "method": EXACT,
                "of": self._form.of,
                "base": sign * self._form.base[score],
                "contributions": dict(zip(self._names, values, strict=True)),
            }


def contributions(form: LinearForm, features: NDArray[np.float32]) -> Floats:
    """Return what each term adds to each score, (terms, n, scores), of features (n, features)."""
    exact = bounded(features).astype(np.float64)
    found = np.empty((len(form.terms), len(exact), len(form.base)))
    for place, term in enumerate(form.terms):
        column = exact[:, term.feature]
        if isinstance(term, NumberTerm):
            distance = np.where(np.isnan(column), term.fill, column) - term.reference
            found[place] = distance[:, None] * np.array(term.slopes)
        else:
            effects = np.vstack([*(np.array(one) for one in term.effects), np.zeros(len(form.base))])
            known = (column >= 0) & (column < len(term.effects))
            codes = np.where(known, column, len(term.effects)).astype(np.int64)
            found[place] = effects[codes] - np.array(term.reference)
    return found


def agrees(form: LinearForm, features: NDArray[np.float32], predictions: Predictions) -> bool:
    """Say whether a form gives what a model predicts for features, (n, features), to 1e-4.

    Classes must be the same wherever the form is not on the verge, and probabilities, where they are not too near to 0
    or 1, have the same logarithms; where too few rows are there to show it, it does not agree.
    """
    if not len(features):
        return False
    scores = np.array(form.base) + contributions(form, features).sum(axis=0)
    if predictions.values is not None:
        return form.of == "value" and _close(scores[:, 0], predictions.values)
    if form.of == "value" or predictions.codes is None:
        return False
    if form.of == "score":
        return predictions.probabilities is None and _chosen_alike(form, scores, predictions.codes)
    if predictions.probabilities is None:
        return False
    known = predictions.probabilities[:, form.classes]
    chosen = known.argmax(axis=1)
    return _softmax_alike(_by_class(scores), known) and _chosen_alike(form, scores, chosen, ranks=True)


def _by_class(scores: Floats) -> Floats:
    """Return a score for each class: the one score of two classes is the second's, and the first has 0."""
    return np.hstack([np.zeros_like(scores), scores]) if scores.shape[1] == 1 else scores


def _softmax_alike(scores: Floats, known: Floats) -> bool:
    """Say whether probabilities, (n, classes), are the softmax of scores.

    Of each row the likeliest class is compared with every other by the logarithm of their ratio; where one of the two
    has too few digits for that, by the probabilities alone. Far from every boundary all models give 0 and 1, so that
    half of the rows, and each class, must have been compared by logarithms.
    """
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    if not np.abs(raised / raised.sum(axis=1, keepdims=True) - known).max(initial=0) < _TOLERANCE:
        return False
    rows, top = np.arange(len(known)), known.argmax(axis=1)
    is_sure = known >= _least_sure(known)
    theirs = np.log(np.where(is_sure, known, 1)) - np.log(known[rows, top])[:, None]
    ours = scores - scores[rows, top][:, None]
    is_pair = is_sure.copy()
    is_pair[rows, top] = False
    compared = is_pair.any(axis=1)
    if compared.sum() < max(_FEWEST, len(known) / 2) or not is_sure[compared].any(axis=0).all():
        return False
    return _close(ours[is_pair], theirs[is_pair])


def _least_sure(known: Floats) -> float:
    """Return from which probability on the logarithm has digits enough: 1 - p is no better than p's last digit."""
    digit = np.finfo(np.float32 if (known.astype(np.float32) == known).all() else np.float64).eps
    return float(_DIGITS * digit)


def _chosen_alike(form: LinearForm, scores: Floats, codes: NDArray[np.int64], *, ranks: bool = False) -> bool:
    """Compare the classes that scores choose with codes, or with positions among the form's classes."""
    if len(form.base) == 1:
        places, margin = (scores[:, 0] > 0).astype(np.int64), np.abs(scores[:, 0])
    else:
        places = scores.argmax(axis=1)
        highest = np.sort(scores, axis=1)
        margin = highest[:, -1] - highest[:, -2]
    chosen = places if ranks else np.array(form.classes)[places]
    return bool(((chosen == codes) | (margin < _TOLERANCE * (1 + np.abs(scores).max(axis=1)))).all())


def _close(ours: Floats, theirs: Floats) -> bool:
    scale = np.abs(theirs).max(initial=0.0)
    return bool((np.abs(ours - theirs) <= _TOLERANCE * (np.abs(theirs) + 0.1 * scale)).all())


def score_of(form: LinearForm, code: int) -> tuple[float, int]:
    """Return sign and position of the score that speaks for a class."""
    if len(form.base) == 1:
        return (-1.0 if form.classes and code == form.classes[0] else 1.0), 0
    return 1.0, form.classes.index(code)
