"""What `make conformance` tries Acme's components with; no run imports this."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def json_lines(folder: Path, rows: "pd.DataFrame") -> dict[str, Any]:
    """Write the rows into the empty folder as the source reads them, and return its parameters."""
    path = folder / "rows.jsonl"
    rows.to_json(path, orient="records", lines=True, date_format="iso")
    return {"path": str(path)}
