"""The stage behind `pipeline=explore`."""

from typing import Any

from ml.io.atomic_write import write_whole
from pipelines.execution.context import circumstances
from pipelines.execution.session import Lap
from pipelines.explore import explore


def look(lap: Lap) -> dict[str, Any]:
    """Run the explore pipeline and put its page under the home's reports, with the suggested experiment beside it."""
    outcome = lap.run_pipeline(explore, run=lap.run, now=circumstances(lap.run, lap.home))
    target = lap.report(outcome, "explore")
    outcome.page("explore", "page", target)
    write_whole(target.with_suffix(".yaml"), outcome.output("explore", "exploration").suggestion)
    return {}
