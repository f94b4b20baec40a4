"""What the service is compared with: BentoML as its own documentation shows it, around the same scikit-learn model."""

import os

import bentoml


@bentoml.service(name="plain", workers=1)
class Plain:
    """A scikit-learn model behind `@bentoml.api`."""

    def __init__(self) -> None:
        import skops.io

        self.model = skops.io.load(os.environ["PLAIN_MODEL"])

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, instances: list[dict[str, float]]) -> list[dict[str, float]]:
        """Predict rows, without validation and without a journal."""
        probabilities = self.model.predict_proba([list(row.values()) for row in instances])
        return [{"label": float(row.argmax()), "probability": float(row.max())} for row in probabilities]


@bentoml.service(name="plain-texts", workers=1)
class PlainTexts:
    """A scikit-learn pipeline of `TfidfVectorizer` and an estimator behind `@bentoml.api`."""

    def __init__(self) -> None:
        import skops.io

        self.model = skops.io.load(os.environ["PLAIN_MODEL"])

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, instances: list[dict[str, str]]) -> list[dict[str, float]]:
        """Predict texts, without validation and without a journal."""
        probabilities = self.model.predict_proba([row["text"] for row in instances])
        return [{"label": float(row.argmax()), "probability": float(row.max())} for row in probabilities]


@bentoml.service(name="empty", workers=1)
class Empty:
    """Nothing: how long BentoML itself takes to be ready."""

    @bentoml.api  # type: ignore[untyped-decorator]
    def nothing(self) -> str:
        """Return nothing."""
        return ""
