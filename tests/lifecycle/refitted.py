"""A deployed model beside the same trainer fitted again in this process, and rows to ask both."""

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zenml.client import Client

from ml.features.cells import cells
from ml.features.derive import Deriver
from ml.features.matrix import make_matrix
from ml.package.storage import read_manifest
from ml.predictions.predictions import on_cells
from ml.predictions.predictor import Predictions
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.signature import Signature
from steps.components import create
from tests.lifecycle.conftest import World

ROWS = 1000
Row = dict[str, str]
Fresh = dict[str, Callable[[random.Random], str]]


@dataclass(frozen=True)
class Deployed:
    """A service, and the same model refitted in this process.

    `table` is the CSV that it was trained on; `fresh` gives values that training has not seen, by column.
    """

    url: str
    schema: TableSchema
    signature: Signature
    fitted: Any
    table: Path
    fresh: Fresh

    def expected(self, path: Path) -> Predictions:
        """Predict the rows of a CSV file with the trained object."""
        frame = create("load", Choice(name="csv", params={"path": str(path)})).read()
        return on_cells(self.fitted, Deriver(self.signature))(cells(frame, self.signature))


def refitted(
    world: World, name: str, table: Path, fresh: dict[str, Callable[[random.Random], str]], *words: str
) -> Deployed:
    result = world.run(*words, f"+experiment={name}")
    assert result.code == 0, result.said
    outputs = {step: run.outputs for step, run in Client().get_pipeline_run(result.summary["runs"][0]).steps.items()}
    train, validation = (outputs["split"][which][0].load() for which in ("train_set", "validation_set"))
    schema, signature = outputs["infer_schema"]["schema"][0].load(), outputs["fit_features"]["signature"][0].load()
    manifest = read_manifest(Path(outputs["package"]["model"][0].uri) / "package")
    matrices = (make_matrix(rows, signature, schema.problem) for rows in (train, validation))
    fitted = create("train", manifest.trainer).fit(*matrices, signature, seed=manifest.seed)
    return Deployed(result.summary["deployment"]["url"], schema, signature, fitted, table, fresh)


def asked(deployed: Deployed, path: Path) -> list[Row]:
    """Write 1,000 rows and return them: the table's own, then copies with gaps and with values that training lacks."""
    with deployed.table.open(encoding="utf-8", newline="") as file:
        own = list(csv.DictReader(file))
    draw = random.Random(7)
    nullable = {column.name for column in deployed.signature.inputs if column.nullable}
    numbers = [column.name for column in deployed.signature.inputs if column.type == "number" and not column.integer]
    rows = own[: ROWS // 2]
    while len(rows) < ROWS:
        row = dict(draw.choice(own))
        row.update({name: "" for name in nullable if draw.random() < 0.25})
        row.update({name: new(draw) for name, new in deployed.fresh.items() if draw.random() < 0.5})
        row.update({name: f"{draw.uniform(-50, 500):.3f}" for name in numbers if row[name] and draw.random() < 0.2})
        row = {name: "" if not text and name in nullable else text for name, text in row.items()}
        rows.append(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    return rows


def instance(deployed: Deployed, row: Row, number: int) -> dict[str, Any]:
    """Return the row as a client would send it; a missing value is sent as null or left out."""
    sent: dict[str, Any] = {}
    for column in deployed.signature.inputs:
        text = row[column.name]
        if not text:
            if number % 2:
                sent[column.name] = None
        elif column.type == "number":
            sent[column.name] = int(text) if column.integer else float(text)
        elif column.type == "boolean":
            sent[column.name] = text == "true"
        else:
            sent[column.name] = text
    return sent
