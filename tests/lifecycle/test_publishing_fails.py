"""A version that cannot be published: the run fails with a reason, and the old version goes on."""

from pathlib import Path

import pytest
from zenml.client import Client

from examples.demo import held_out_rows
from tests.lifecycle.conftest import Result, World, ask

NAME = "breast_cancer"


def flip(file: Path) -> None:
    """Flip one bit in the middle of a file; twice restores it."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.untraced
def test_a_package_that_was_damaged_in_the_store_is_not_published_and_the_old_version_goes_on(
    first: Result, world: World
) -> None:
    url = first.summary["deployment"]["url"]
    trained = world.run(f"+experiment={NAME}", "trainer.C=0.9", "pipeline=training")
    assert trained.code == 0, trained.summary["error"]
    version, client = trained.summary["model"]["version"], Client()
    served, stage = ask(url, "/releases")[0]["version"], client.get_model_version(NAME, "production").name
    assert version != served == stage
    artifact = client.get_model_version(NAME, version).get_artifact("model")
    assert artifact is not None
    damaged = Path(artifact.uri) / "package" / "model.onnx"
    flip(damaged)
    try:
        failed = world.run(f"+experiment={NAME}", "pipeline=deployment")
    finally:
        flip(damaged)
    assert (failed.code, failed.summary["status"]) == (1, "failed")
    assert "model.onnx" in failed.summary["error"]
    assert (failed.summary["deployment"], failed.summary["model"]) == (None, None)

    row = held_out_rows("breast_cancer")[0]
    answer = ask(url, "/predict", {"instances": [row]})
    assert answer["version"] == served and answer["predictions"][0]["label"] is not None
    assert ask(url, "/releases")[0]["version"] == served
    assert client.get_model_version(NAME, "production").name == stage
    assert client.get_model_version(NAME, version).stage != "production"

    mended = world.run(f"+experiment={NAME}", "pipeline=deployment")
    assert mended.code == 0, mended.summary["error"]
    assert ask(url, "/releases")[0]["version"] == version
    assert client.get_model_version(NAME, "production").name == version
