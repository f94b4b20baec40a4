"""The data checks as one HTML page that needs nothing else: no script, no network."""

from functools import partial

from ml.values.display import NAME, plain_line, readable
from schemas.evaluation import CheckState, DataCheck, DataReport

_LINE = 1000
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data checks: {{ verdict }}</title>
<style>
  :root { color-scheme: light dark; --line: #8886; --bad: #b3261e; --warn: #8a5a00; --good: #1b6e3c; }
  @media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --warn: #ffca6b; --good: #7fdca4; } }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; }
  th, td { border-bottom: 1px solid var(--line); }
  td, tbody th { overflow-wrap: anywhere; } tbody th { min-width: 9rem; }
  .type, .state { white-space: nowrap; }
  .failed { color: var(--bad); font-weight: 600; }
  .warning { color: var(--warn); font-weight: 600; }
  .held { color: var(--good); }
  @media (max-width: 40rem) {
    thead { position: absolute; left: -999rem; }
    tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0; }
    td, tbody th { display: block; border: 0; padding: .1rem 0; }
  }
</style>
</head>
<body>
<main>
<h1>Data checks: <span class="{{ 'held' if report.passed else 'failed' }}">{{ verdict }}</span></h1>
<p>{{ "{:,}".format(report.rows) }} rows, {{ report.columns | length }} input columns; {{ counts }}.</p>
{% for title, checks in groups if checks %}
<h2>{{ title }}</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Outcome</th><th scope="col">Check</th><th scope="col">What was found</th></tr></thead>
<tbody>
{% for check in checks %}<tr><td class="state {{ state(check) }}">{{ state(check) }}</td>\
<th scope="row">{{ check.name }}</th>\
<td>{{ check.message | line }}</td></tr>
{% endfor %}</tbody>
</table></div>
{% endfor %}
<h2>Columns</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">Why</th></tr></thead>
<tbody>
{% for column in report.columns %}<tr><th scope="row">{{ column.name | name }}</th>\
<td class="type">{{ column.type }}</td>\
<td>{{ column.why | line }}</td></tr>
{% endfor %}</tbody>
</table></div>
</main>
</body>
</html>
"""


def render(report: DataReport) -> str:
    """Return the page. Everything that comes from the data is escaped."""
    from jinja2 import Environment

    failed = [check for check in report.checks if state(check) == "failed"]
    warned = [check for check in report.checks if state(check) == "warning"]
    held = [check for check in report.checks if state(check) == "held"]
    pages = Environment(autoescape=True, trim_blocks=True)
    pages.filters |= {"line": partial(plain_line, most=_LINE), "name": partial(readable, most=NAME)}
    return pages.from_string(_PAGE).render(
        report=report,
        state=state,
        verdict="passed" if report.passed else "refused",
        counts=f"{len(failed)} failed, {len(warned)} warning{'' if len(warned) == 1 else 's'}, {len(held)} held",
        groups=[("Failed", failed), ("Warnings", warned), ("Held", held)],
    )


def state(check: DataCheck) -> CheckState:
    """Return held, warning or failed."""
    if check.passed:
        return "held"
    return "failed" if check.severity == "fail" else "warning"
