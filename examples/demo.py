"""What `make demo` shows: train, gate and deploy, then 200 rows the model never saw, then the same rows shifted.

A reader ends with a live URL, a monitoring report that says `ok` and one that says `drift`.
"""

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from schemas.home import ROOT
from schemas.run import Run
from serving.keys import client
from steps.components import create

ROWS = 200
_BATCH = 25
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business on the loopback
Row = dict[str, Any]
Rows = list[Row]


def main() -> int:
    """Run the demonstration; return 0 when the service answers and both reports say what they must."""
    trained = run_experiment()
    url = trained["deployment"]["url"]
    rows = held_out_rows("breast_cancer")[:ROWS]
    play(url, rows)
    calm = run_experiment("pipeline=monitoring", f"monitor.window={ROWS}")
    play(url, shifted(rows))
    alarmed = run_experiment("pipeline=monitoring", f"monitor.window={ROWS}")
    print(f"\n{ROWS} held-out rows:        {calm['monitoring']['verdict']:6} {calm['monitoring']['report']}")
    print(f"the same rows, shifted:  {alarmed['monitoring']['verdict']:6} {alarmed['monitoring']['report']}")
    print(f"the service answers at   {url}  (stop it with: .venv/bin/python -m serving stop breast_cancer)")
    return 0 if (calm["monitoring"]["verdict"], alarmed["monitoring"]["verdict"]) == ("ok", "drift") else 1


def run_experiment(*overrides: str) -> dict[str, Any]:
    """Run the experiment as a person would and return its summary; end the demonstration when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "run.py", "+experiment=breast_cancer", *overrides, f"hydra.run.dir={folder}"]
        print(f"\n$ python run.py {' '.join(['+experiment=breast_cancer', *overrides])}", flush=True)
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            sys.exit(code)
        summary: dict[str, Any] = json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))
        return summary


def declared(experiment: str, *overrides: str) -> Run:
    """Return what an experiment declares."""
    return load_run(compose(parse_arguments([f"+experiment={experiment}", *overrides])))


def held_out_rows(experiment: str, *overrides: str) -> Rows:
    """Return the rows of an experiment's validation and test sets: the split is a pure function of the rows."""
    run = declared(experiment, *overrides)
    source, split, target = create("load", run.data.source), run.split, run.data.target
    frame = source.read()
    sets = create("split", split.method).assign(
        frame, target, test=split.test, validation=split.validation, by=split.by, salt=split.salt or source.label
    )
    held_out = frame[sets != "train"].drop(columns=target)
    rows: Rows = json.loads(held_out.to_json(orient="records", date_format="iso"))
    return rows


def shifted(rows: Rows) -> Rows:
    """Return the rows as a badly calibrated instrument would measure them: a third more, everywhere."""
    return [{name: value * 1.33 for name, value in row.items()} for row in rows]


def play(url: str, rows: Rows) -> None:
    """Send the rows to the service in batches; every one of them must be answered."""
    for start in range(0, len(rows), _BATCH):
        body = json.dumps({"instances": rows[start : start + _BATCH]}).encode()
        headers = {"Content-Type": "application/json", **client.headers()}
        predictions = _answer(urllib.request.Request(f"{url}/predict", body, headers))["predictions"]
        refused = [prediction["error"] for prediction in predictions if "error" in prediction]
        if refused:
            sys.exit(f"the service refused {len(refused)} rows, the first with {refused[0]}")
    print(f"played {len(rows)} rows against {url}/predict")


def _answer(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with _DIRECT.open(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        if error.code != 401:
            raise
        sys.exit(f"the service asks for a key: put one into {client.VARIABLE} (python -m serving key add NAME)")


if __name__ == "__main__":
    sys.exit(main())
