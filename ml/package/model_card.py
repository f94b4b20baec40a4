"""The model card: what a person should know before relying on a model, written from the package itself."""

from schemas.evaluation import Evaluation, GateVerdict
from schemas.forecast import Forecast
from schemas.numbers import shown
from schemas.package import DataRecord, Manifest
from schemas.rules import RuleRecord
from schemas.signature import Input, Output, Signature

_RELIED_ON = 5  # inputs


def render(manifest: Manifest, signature: Signature) -> str:
    """Return the card as Markdown; a candidate package's manifest has no evaluation and no verdict yet."""
    parts = [
        f"# {manifest.model}",
        _purpose(signature.output, manifest),
        "## Training",
        _training(manifest),
        "## Results",
        _results(manifest.evaluation),
        _baseline(manifest),
        _importance(manifest.evaluation),
        "## Gate",
        _gate(manifest.gate),
        _rules(manifest.rules),
        "## Inputs",
        _table(["column", "type", "missing allowed", "seen in training"], [_input(one) for one in signature.inputs]),
        "## Limits",
        _limits(manifest, signature),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _purpose(output: Output, manifest: Manifest) -> str:
    source = f"from {manifest.data.label} rows, with the trainer `{manifest.trainer.name}`"
    if output.forecast is not None:
        known = output.forecast
        unit = f" in {output.unit}" if output.unit else ""
        return (
            f"Forecasts the next {known.horizon} points of `{output.target}`{unit}, one a {known.frequency}, from the "
            f"last {known.history} {source}.{_intervals(known)}"
        )
    if output.task == "regression":
        unit = f" in {output.unit}" if output.unit else ""
        return f"Predicts `{output.target}`{unit} {source}."
    classes = ", ".join(f"`{label}`" for label in output.classes or [])
    return f"Predicts the class of `{output.target}` ({classes}) {source}."


def _intervals(forecast: Forecast) -> str:
    found = forecast.intervals
    if found is None:
        return " It has no prediction intervals: the backtests were too few."
    pooled = ", one width for all steps, since those were few" if found.pooled else ""
    return (
        f" Prediction intervals are to cover {found.level:.0%} of what comes: conformal, from {found.residuals:,} "
        f"backtested points of the scarcest step{pooled}; how many they covered elsewhere is `interval_coverage`."
    )


def _training(manifest: Manifest) -> str:
    parameters = (
        "the rules below"
        if manifest.rules
        else (
            ", ".join(f"{key}={value!r}" for key, value in manifest.trainer.params.items()) or "the trainer's defaults"
        )
    )
    split = manifest.data.split
    rows = ", ".join(f"{name} {count}" for name, count in manifest.data.rows.items())
    lines = [
        f"- Parameters: {parameters}; seed {manifest.seed}",
        f"- Rows: {rows}",
        f"- Split: {_split(manifest.data)}, test {split.test:g}, validation {split.validation:g}",
        f"- Data fingerprint: `{manifest.data.fingerprint}`",
        f"- Packaged as {manifest.runtime} (`{manifest.runtime_file}`): {manifest.runtime_reason}",
        f"- Code: {manifest.git_commit or 'not under version control'}; Python {manifest.python}",
        f"- Libraries: {', '.join(f'{name} {version}' for name, version in manifest.libraries.items())}",
    ]
    if manifest.learning is not None:
        lines.append(f"- Learning curves: {manifest.learning.diagnosis}. {manifest.learning.why}")
    lines += [f"- Warning while training: {text}" for text in manifest.warnings]
    return "\n".join(lines)


def _split(data: DataRecord) -> str:
    by = f" by `{data.split.by}`" if data.split.by is not None else ""
    seen = f", rows up to {data.newest}" if data.newest is not None else f", salt `{data.split.salt}`"
    return f"`{data.split.method.name}`{by}{seen}"


def _results(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return "Not evaluated yet."
    rows = [
        [part, metric, _number(value), _interval(evaluation, part, metric)]
        for part, scores in evaluation.metrics.items()
        for metric, value in scores.items()
    ]
    return _table(["set", "metric", "value", "95 % interval"], rows)


def _interval(evaluation: Evaluation, part: str, metric: str) -> str:
    found = {str(name): values for name, values in evaluation.intervals.items()}.get(part, {}).get(metric)
    return "" if found is None else f"{shown(found[0])} to {shown(found[1])}"


def _importance(evaluation: Evaluation | None) -> str:
    found = None if evaluation is None else evaluation.importance
    if found is None or not found.inputs:
        return ""
    how = f"how much worse {found.metric} gets when the input is shuffled among {found.rows} validation rows"
    most = ", ".join(
        f"`{one.input}` {shown(one.drop)} ({shown(one.interval[0])} to {shown(one.interval[1])})"
        for one in found.inputs[:_RELIED_ON]
    )
    return f"It relies most on ({how}, with the 95 % interval): {most}."


def _baseline(manifest: Manifest) -> str:
    if not manifest.baseline:
        return ""
    scores = manifest.baseline.get("metrics")
    best = scores.get("test") or scores.get("validation") if isinstance(scores, dict) else None
    if not isinstance(best, dict):
        return ""
    text = ", ".join(
        f"{name} {_number(value if isinstance(value, float | int) else None)}" for name, value in best.items()
    )
    return f"The baseline `{manifest.baseline.get('name')}` on the same rows: {text}."


def _gate(verdict: GateVerdict | None) -> str:
    if verdict is None:
        return "Not judged yet."
    lines = [f"- {'passed' if check.passed else 'REFUSED'} `{check.name}`: {check.why}" for check in verdict.checks]
    return "\n".join([f"{'Passed' if verdict.passed else 'Refused'}.", "", *lines])


def _rules(records: list[RuleRecord]) -> str:
    if not records:
        return ""
    rows = [[str(place), one.text, str(one.rows), _right(one)] for place, one in enumerate(records, start=1)]
    return "## Rules\n\n" + _table(["", "the first that holds decides", "training rows", "of them right"], rows)


def _right(record: RuleRecord) -> str:
    if record.right is None:
        return "not predicted"
    return "" if not record.rows else f"{record.right} ({record.right / record.rows:.0%})"


def _input(one: Input) -> list[str]:
    seen = ""
    if one.range is not None:
        seen = f"{one.range[0]:g} to {one.range[1]:g}" + (f" {one.unit}" if one.unit else "")
    elif one.categories is not None:
        shown = ", ".join(one.categories[:8])
        seen = shown if len(one.categories) <= 8 else f"{shown} and {len(one.categories) - 8} more"
    return [one.name, one.type, "yes" if one.nullable else "no", seen + _acted(one)]


def _acted(one: Input) -> str:
    """Return what is declared of other values, where that is not that they are taken."""
    if one.actions is None:
        return ""
    found = {"out of range": one.actions.out_of_range, "unseen": one.actions.unseen, "missing": one.actions.missing}
    told = [f"{when}: {what}" for when, what in found.items() if what not in (None, "accept")]
    return f" ({', '.join(told)})" if told else ""


def _limits(manifest: Manifest, signature: Signature) -> str:
    others = "are treated as declared" if any(one.actions for one in signature.inputs) else "are predicted too"
    lines = [
        f"- It learnt from values like those above; others {others}, but nothing vouches for the result.",
        "- The metrics hold for rows drawn like the test rows; monitoring reports when arriving rows differ.",
    ]
    if manifest.review is not None:
        lines.append(f"- What is routed to review: {manifest.review.why}.")
    return "\n".join(lines)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _number(value: float | int | None) -> str:
    return "undefined" if value is None else shown(value)
