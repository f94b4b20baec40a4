"""One deployed model beside the same trainer fitted again in this process, for any experiment and trainer."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from zenml.client import Client

from ml.features.cells import rows as as_rows
from ml.features.derive import Deriver
from ml.features.matrix import make_matrix
from ml.package.storage import read_manifest, read_signature
from ml.predictions.predictions import on_cells
from ml.predictions.predictor import Predictions
from ml.trainers.forecast.stacked import fit_forecast
from ml.validation.rows import Validator
from schemas.package import Manifest
from schemas.signature import Signature
from steps.components import create
from tests.lifecycle.conftest import World, ask

ROWS, BATCH = 1000, 125
Row = dict[str, Any]


@dataclass(frozen=True)
class Deployed:
    """A service, its package's manifest and signature, the rows it was made from, and the trained object."""

    url: str
    manifest: Manifest
    signature: Signature
    table: Any
    fitted: Any

    def rows(self) -> list[Row]:
        """Return 1,000 rows: of the table, and copies with gaps, values never seen and numbers outside the range."""
        draw = random.Random(11)
        own = as_rows(self.table, self.signature)
        found = own[: ROWS // 2]
        while len(found) < ROWS:
            row: Row = dict(draw.choice(own))
            for column in self.signature.inputs:
                if column.nullable and draw.random() < 0.2:
                    row[column.name] = None
                elif column.type in ("category", "identifier") and not column.closed and draw.random() < 0.2:
                    row[column.name] = f"never seen {draw.randint(0, 9)} ☃"
                elif column.type == "number" and not column.integer and row[column.name] and draw.random() < 0.2:
                    row[column.name] = round(float(row[column.name]) * draw.uniform(-2, 5), 4)
                elif column.shape is not None:  # the points of a series
                    row[column.name] = [round(point * draw.uniform(0.5, 2), 2) for point in row[column.name]]
            found.append(row)
        return found

    def expected(self, rows: list[Row]) -> Predictions:
        """Predict with the trained object."""
        checked = Validator(self.signature).check(rows)
        assert not checked.errors
        return on_cells(self.fitted, Deriver(self.signature))(checked.cells)

    def answered(self, rows: list[Row]) -> Predictions:
        """Predict over HTTP."""
        found: list[Row] = []
        for start in range(0, len(rows), BATCH):
            found += ask(self.url, "/predict", {"instances": rows[start : start + BATCH]})["predictions"]
        assert not [row for row in found if "error" in row], [row for row in found if "error" in row][:3]
        if self.signature.output.task in ("regression", "forecast"):
            return Predictions(values=np.array([row["value"] for row in found], dtype=np.float64))
        places = {str(label): code for code, label in enumerate(self.signature.output.classes or [])}
        codes = np.array([-1 if row["label"] is None else places[str(row["label"])] for row in found], dtype=np.int64)
        if "probabilities" not in found[0]:
            return Predictions(codes=codes)
        return Predictions(
            codes=codes, probabilities=np.array([[row["probabilities"][key] for key in places] for row in found])
        )


def deployed(world: World, experiment: str, trainer: str) -> Deployed:
    """Run the experiment to the service and fit its trainer once more on the same rows."""
    result = world.run(f"+experiment={experiment}", f"trainer={trainer}", "gate=open")
    assert result.code == 0, result.said
    outputs = {step: run.outputs for step, run in Client().get_pipeline_run(result.summary["runs"][0]).steps.items()}
    root = Path(outputs["package"]["model"][0].uri) / "package"
    manifest = read_manifest(root)
    forecasts = "windows" in outputs
    schema = (outputs["windows"]["window_schema"] if forecasts else outputs["infer_schema"]["schema"])[0].load()
    signature = outputs["fit_features"]["signature"][0].load()
    sets = [outputs["split"][which][0].load() for which in ("train_set", "validation_set")]
    train, validation = (make_matrix(frame, signature, schema.problem) for frame in sets)
    chosen = create("train", manifest.trainer)
    fitted = (
        fit_forecast(chosen, train, validation, signature, seed=manifest.seed)[0]
        if forecasts
        else chosen.fit(train, validation, signature, seed=manifest.seed)
    )
    table = sets[0] if forecasts else outputs["load"]["rows"][0].load()  # every series of training is known
    return Deployed(result.summary["deployment"]["url"], manifest, read_signature(root, manifest), table, fitted)
