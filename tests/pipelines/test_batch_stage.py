"""What the stage of a batch says of it."""

import pytest

from schemas.batch import BatchRecord
from schemas.home import ROOT


@pytest.mark.parametrize(
    ("answered", "errors", "said"),
    [
        (1, "e.csv", "1 row predicted, 7 refused: e.csv"),
        (0, None, "0 rows predicted"),
        (2000, None, "2,000 rows predicted"),
    ],
)
def test_one_row_is_not_called_rows(answered: int, errors: str | None, said: str) -> None:
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(ROOT))
    from pipelines.stages.batch_inference import counted

    record = BatchRecord(version="1", answered=answered, refused=7, output="o.csv", errors=errors)
    assert counted(record) == said
