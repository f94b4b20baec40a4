"""What the journal keeps of a row: single values as they were sent, of arrays what is declared."""

import base64
import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.features.summaries import summarized
from ml.values.tensor import Tensor
from schemas.column_types import DType
from schemas.journal_spec import Keep
from schemas.signature import Input, Output, PictureMode, Signature
from serving.journal.kept import Keeper


def signature(mode: PictureMode = "RGB") -> Signature:
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    return Signature(
        inputs=[
            Input(name="photo", type="picture", shape=[None, 100, channels], dtype="uint8", mode=mode),
            Input(name="track", type="sequence", shape=[None], dtype="float32"),
            Input(name="size", type="number"),
        ],
        derivations=[],
        features=[],
        output=Output(task="regression", target="y"),
    )


def row(channels: int = 3) -> tuple[dict[str, Any], dict[str, Any]]:
    photo = np.full((200, 100, channels), 200, dtype=np.uint8)
    track = np.array([1.5, 2.5], dtype=np.float32)
    sent = {"photo": photo.tolist(), "track": [1.5, 2.5], "size": 3}
    return sent, {"photo": Tensor(photo), "track": Tensor(track), "size": 3}


def test_a_digest_is_small_and_has_the_summary() -> None:
    sent, cells = row()
    kept = Keeper(signature(), "digest").row(sent, cells)
    assert kept["size"] == 3 and len(json.dumps(kept)) < 500
    assert kept["photo"] == {
        "sha256": cells["photo"].digest,
        "summary": {"brightness": pytest.approx(200 / 255), "contrast": pytest.approx(0, abs=1e-9), "height": 200.0},
    }
    assert kept["track"]["summary"]["length"] == 2.0


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_a_thumbnail_shows_the_picture(mode: PictureMode, channels: int) -> None:
    sent, cells = row(channels)
    kept = Keeper(signature(mode), "thumbnail").row(sent, cells)
    picture = Image.open(BytesIO(base64.b64decode(kept["photo"]["thumbnail"])))
    assert picture.size == (32, 64) and picture.mode == mode
    assert set(kept["track"]) == {"sha256", "summary"}


@pytest.mark.parametrize(("dtype", "light"), [("uint8", 51), ("float32", 0.2), ("int64", 51), ("int32", 51)])
def test_a_thumbnail_is_as_bright_as_the_summary_says(dtype: DType, light: float) -> None:
    photo = Input(name="photo", type="picture", shape=[70, 80, 3], dtype=dtype, mode="RGB")
    cell = Tensor(np.full((70, 80, 3), light, dtype=dtype))
    keeper = Keeper(signature().model_copy(update={"inputs": [photo]}), "thumbnail")
    kept = keeper.row({"photo": cell.array.tolist()}, {"photo": cell})["photo"]
    shown = np.asarray(Image.open(BytesIO(base64.b64decode(kept["thumbnail"]))))
    assert kept["summary"]["brightness"] == pytest.approx(0.2) and (shown == 51).all()


def test_a_name_in_another_form_of_letters_is_the_same_input() -> None:
    name = "größe"
    found = Signature(
        inputs=[Input(name=name, type="sequence", shape=[None], dtype="float32")],
        derivations=[],
        features=[],
        output=Output(task="regression", target="y"),
    )
    cell = Tensor(np.array([1.0], dtype=np.float32))
    kept = Keeper(found, "digest").row({"größe": [1.0]}, {name: cell})
    assert list(kept) == [name] and kept[name]["sha256"] == cell.digest


def test_whole_keeps_what_was_sent() -> None:
    sent, cells = row()
    keeper = Keeper(signature(), "whole")
    assert keeper.row(sent, cells) == sent


@pytest.mark.parametrize("keep", ["digest", "thumbnail", "whole"])
def test_monitoring_sees_the_same_numbers_whatever_is_kept(keep: Keep) -> None:
    sent, cells = row()
    found = signature()
    kept = Keeper(found, keep).row(sent, cells)
    columns = summarized({name: [value] for name, value in kept.items()}, found.inputs)
    expected = summarized({name: [value] for name, value in cells.items()}, found.inputs)
    assert columns == expected and set(columns) == {
        "photo.brightness", "photo.contrast", "photo.height", "size",
        "track.mean", "track.deviation", "track.minimum", "track.maximum", "track.length",
    }  # fmt: skip
