"""The stage behind `pipeline=explore`: one page about the training rows."""

from ml.io.atomic_write import write_whole
from pipelines.execution.context import run_context
from pipelines.execution.session import Part, RunSession
from pipelines.explore import explore as explore_pipeline


def explore(session: RunSession, _parts: Part) -> Part:
    """Run the explore pipeline and put its page under the home's reports, with the suggested experiment beside it."""
    outcome = session.run_pipeline(explore_pipeline, run=session.run, now=run_context(session.run, session.home))
    target = session.report(outcome, "explore")
    outcome.page("explore", "page", target)
    write_whole(target.with_suffix(".yaml"), outcome.output("explore", "exploration").suggestion)
    return {}
