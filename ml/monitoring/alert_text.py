"""An alert as text: for a mail or a chat, and as one line of a log."""

import re
from collections.abc import Iterator

from ml.reports.formats import count, timestamp
from schemas.alert import Alert, NextStep

_MARKUP = re.compile(r"<(?=\S)|(?<=\S)>|@(?=\S)")
_INERT = {"<": "‹", ">": "›", "@": "＠"}


def plain_text(alert: Alert) -> str:
    """Return the whole alert as lines of text."""
    return "\n".join(_lines(alert)) + "\n"


def one_line(alert: Alert) -> str:
    """Return the alert as one line."""
    steps = "; ".join(map(_step, alert.next_steps))
    again = f" (told {count(alert.told, 'time')} before)" if alert.told else ""
    return f"{alert.subject}{again}. How sure: {alert.certainty} Next: {steps}. [{alert.id}]"


def without_markup(text: str) -> str:
    """Return text that calls nobody: chats take `<!channel>`, `<@NAME>`, `<URL|words>` and `@everyone` for commands."""
    return _MARKUP.sub(lambda found: _INERT[found[0]], text)


def _lines(alert: Alert) -> Iterator[str]:
    yield alert.subject
    yield ""
    yield "What changed"
    yield from (f"  - {_named(one.kind, one.name)}{one.why}" for one in alert.changes)
    if alert.more_changes:
        yield f"  - and {alert.more_changes} more, which the report has"
    yield ""
    yield "How sure"
    yield f"  {alert.certainty}"
    yield ""
    yield "What to do next"
    yield from (f"  {number}. {_step(step)}" for number, step in enumerate(alert.next_steps, 1))
    yield ""
    span = f", {timestamp(alert.first)} to {timestamp(alert.last)}" if alert.first else ""
    yield f"Window: {count(alert.rows, 'row')}{span}"
    yield f"Verdict: {alert.verdict}, {timestamp(alert.time)}"
    if alert.told:
        yield f"The same was told {count(alert.told, 'time')} before."
    yield f"Alert: {alert.id}"


def _named(kind: str, name: str) -> str:
    return f"'{name}': " if kind == "column" else "the predictions: " if kind == "predictions" else "labels: "


def _step(step: NextStep) -> str:
    return step.what if step.command is None else f"{step.what}: {step.command}"
