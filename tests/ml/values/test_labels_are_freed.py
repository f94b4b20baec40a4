"""The labels of a column that nobody needs any more: freed at once, though they remember texts."""

import gc
import weakref

from ml.values.labels import Labels
from schemas.reading import Marks


def test_labels_hold_themselves_in_no_circle() -> None:
    gc.disable()
    try:
        one = Labels(["1", "2"], Marks(".", ","), numeric=True)
        assert one.of_text("1.0") == "1"
        seen = weakref.ref(one)
        del one
        assert seen() is None
    finally:
        gc.enable()
