"""What was done about the target before it was learnt from, and classes that may be one class spelled twice."""

from ml.schema_inference.target_rows import alike, said
from schemas.data import TableSchema
from schemas.evaluation import DataCheck


def check_target(schema: TableSchema) -> list[DataCheck]:
    """Return a warning for rows left out, for spellings merged, and for classes that differ in spelling only."""
    name = schema.problem.target
    found = []
    if schema.unlabelled:
        text = f"{schema.unlabelled:,} rows were left out, because their target {name!r} is not known"
        found.append(_warning("unlabelled", name, text, schema.unlabelled))
    if schema.merged:
        groups = [[kept, *others] for kept, others in schema.merged.items()]
        text = f"spellings of {name!r} were merged into the first of each: {said(groups)}"
        found.append(_warning("spellings", name, text, len(groups)))
    groups = alike(schema.problem.classes or [])
    if groups:
        text = (
            f"classes of {name!r} differ in case, blanks or the form of letters only: {said(groups)}. If they are one "
            "class, declare data.spellings: merge"
        )
        found.append(_warning("spellings", name, text, len(groups)))
    return found


def _warning(check: str, column: str, text: str, value: int) -> DataCheck:
    return DataCheck(name=check, column=column, severity="warn", passed=False, value=value, message=text)
