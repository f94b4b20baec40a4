"""The stage behind `pipeline=explore`."""

from typing import Any

from ml.io.atomic_write import write_whole
from pipelines.execution.context import run_context
from pipelines.execution.session import RunSession
from pipelines.explore import explore


def show_page(session: RunSession) -> dict[str, Any]:
    """Run the explore pipeline and put its page under the home's reports, with the suggested experiment beside it."""
    outcome = session.run_pipeline(explore, run=session.run, now=run_context(session.run, session.home))
    target = session.report(outcome, "explore")
    outcome.page("explore", "page", target)
    write_whole(target.with_suffix(".yaml"), outcome.output("explore", "exploration").suggestion)
    return {}
