"""The stage behind `pipeline=explore`."""

from pathlib import Path
from typing import Any

from pipelines.circumstances import circumstances
from pipelines.execute import Lap
from pipelines.explore import explore


def look(lap: Lap) -> dict[str, Any]:
    """Run the explore pipeline and put its page under the home's reports, with the suggested experiment beside it."""
    outcome = lap.run_pipeline(explore, run=lap.run, now=circumstances(lap.run, lap.home))
    target = lap.report(outcome, "explore")
    page = outcome.page("explore", "page", target)
    suggestion = _write(target.with_suffix(".yaml"), outcome.output("explore", "exploration").suggestion)
    lap.observer.note(f"a first look: {page}")
    lap.observer.note(f"suggested experiment: {suggestion}")
    return {}


def _write(path: Path, text: str) -> Path:
    draft = path.with_suffix(".partial")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return path
