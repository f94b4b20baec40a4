"""A network on free text in Keras 3; nothing heavy is imported before `fit`."""

from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from ml.components.trainer import Fitted
from ml.trainers.keras.mlp import KerasMlp
from ml.trainers.keras.params import KerasTextParams
from schemas.column_types import SCALAR_TYPES, TEXT, ColumnType
from schemas.text import TextAs

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from schemas.signature import Signature


class KerasText(KerasMlp):
    """Vectors for words, pooled by attention or a convolution, and layers behind them and the other columns."""

    Params: ClassVar[type[BaseModel]] = KerasTextParams
    params: KerasTextParams
    takes: ClassVar[Collection[ColumnType]] = SCALAR_TYPES | {TEXT}
    text_as: ClassVar[TextAs] = "tokens"

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> Fitted:
        """Fit on `train`; `validation` decides which epoch's weights are kept and when to stop.

        Without a text among the columns it is `keras_mlp`.

        Raises:
            ContentError: If the rows cannot be trained on, or the loss stops being a number.
            ConfigurationError: If Keras is not installed or computes with another backend in this process.
        """
        from ml.trainers.keras.text_fit import fit

        if not signature.texts:
            return super().fit(train, validation, signature, seed=seed)
        return fit(self.params, train, validation, signature, seed=seed)
