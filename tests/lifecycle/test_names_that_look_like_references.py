"""Text in a configuration and in a table that ZenML would read as a variable or as a secret."""

import random
from pathlib import Path

import pytest

from tests.lifecycle.conftest import World

pytestmark = pytest.mark.untraced

EXPERIMENT = r"""# @package _global_
name: references
data:
  name: csv
  path: {path}
  target: '\${{x}}'
  columns:
    '${{PRIVATE}}': {{type: number, max: 2}}
    '{{{{a.b}}}}': {{type: category, allowed: ['\${{PRIVATE}}', '{{{{c.d}}}}', plain]}}
"""
PRIVATE = "value-that-nobody-may-see"


def test_no_variable_and_no_secret_is_put_in_place_of_a_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(5)
    lines = ["${PRIVATE},{{a.b}},${x}"]
    for _ in range(200):
        size = draw.random()
        lines.append(f"{size:.4f},{draw.choice(['${PRIVATE}', '{{c.d}}', 'plain'])},{'big' if size > 0.5 else 'small'}")
    path = world.folder / "references.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setenv("PRIVATE", PRIVATE)
    folder = world.experiment("references", EXPERIMENT.format(path=path))
    result = world.run(folder, "+experiment=references", "pipeline=training")
    assert result.code == 0, result.said
    assert PRIVATE not in result.out + result.err
    assert [file for file in _files(world.folder) if PRIVATE.encode() in file.read_bytes()] == []
    again = world.run(folder, "+experiment=references", "pipeline=training")
    assert {"load", "infer_schema", "split", "train"} <= again.reused


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
