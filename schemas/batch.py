"""What predicting a table of rows left."""

from schemas.base import Strict


class BatchRecord(Strict):
    """How many rows were predicted and refused, by which version, and where both went."""

    version: str
    answered: int
    refused: int
    output: str
    errors: str | None
