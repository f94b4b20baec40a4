"""Incompatibilities of rules with the columns they read, known once the table's schema is."""

from collections.abc import Iterator, Sequence
from typing import Any

from ml.rules.reachability import unreachable
from ml.values.column_keys import declaration
from schemas.column_types import ARRAY_TYPES, TEXT, ColumnType
from schemas.data import Column, TableSchema
from schemas.rules import BOUNDS, Condition, Operator, RuleList, timestamp

_TEXTS = ("category", "identifier", TEXT)


def column_incompatibilities(declared: RuleList, schema: TableSchema) -> list[str]:
    """Return a text for each comparison that cannot work, each beginning with its key path."""
    columns = {column.name: column for column in schema.columns}
    wrong = [
        text
        for path, leaf in declared.leaves()
        for text in _incompatibilities(path, leaf, columns, schema.problem.target)
    ]
    return wrong or _hidden(declared, columns)


def _hidden(declared: RuleList, columns: dict[str, Column]) -> list[str]:
    """Return the rules that no row reaches now that it is known which columns hold only true and false."""
    booleans = frozenset(name for name, column in columns.items() if column.type == "boolean")
    return [f"{fault.path}: {fault.message}; {fault.hint}" for fault in unreachable(declared, booleans)]


def _incompatibilities(path: str, leaf: Condition, columns: dict[str, Column], target: str) -> Iterator[str]:
    name = str(leaf.column)
    column = columns.get(name)
    if name == target:
        yield f"{path}.column: {name!r} is the target itself, which no row has when it is asked"
    elif column is None:
        yield f"{path}.column: there is no column {name!r}; the columns are {', '.join(columns)}"
    elif column.type == "drop":
        fitting = _fitting(leaf)
        taken = "take that declaration back, or declare" if column.declared else "declare"
        yield f"{path}.column: {name!r} is dropped ({column.why}); {taken} {declaration(name, f'type: {fitting}')}"
    else:
        for operator, operand in leaf.operators().items():
            if operator != "missing" and (why := _wrong(name, column.type, operator, operand)):
                found = "declared" if column.declared else f"found in the rows: {column.why}"
                yield f"{path}.{operator}: {name!r} is of type {column.type} ({found}), and {why}"


def _wrong(name: str, kind: ColumnType, operator: Operator, operand: Any) -> str:
    """Say why an operator means nothing for a column of this type, empty when it does."""
    operands = operand if isinstance(operand, list) else [operand]

    if kind in ARRAY_TYPES:
        return "rules look at single values only, which an array has none of; leave the condition out"

    def declare(kind: str) -> str:
        return f"declare {declaration(name, f'type: {kind}')}"

    if operator == "matches":
        or_else = "or identifier where nearly every row has its own value"
        hint = f"only text is searched; {declare('category')}, {or_else}"
        return "" if kind in _TEXTS else hint
    match kind:
        case "number":
            fits = all(isinstance(one, int | float) and not isinstance(one, bool) for one in operands)
            return "" if fits else f"it is compared with numbers, without quotes; or {declare(_other(operands))}"
        case "date":
            fits = all(isinstance(one, str) and timestamp(one) is not None for one in operands)
            return "" if fits else "it is compared with dates in quotes, such as '2026-01-31'"
        case "boolean":
            fits = operator not in BOUNDS and all(isinstance(one, bool) for one in operands)
            return "" if fits else f"it equals true or false; where it holds other values, {declare('category')}"
        case _:
            hint = f"labels have no order; {declare(_other(operands))} where it holds such values"
            return hint if operator in BOUNDS else ""


def _fitting(leaf: Condition) -> str:
    bounds = [value for name, value in leaf.operators().items() if name in BOUNDS]
    return _other(bounds) if bounds else "identifier"


def _other(operands: Sequence[Any]) -> str:
    first = operands[0]
    if isinstance(first, str):
        return "date" if timestamp(first) is not None else "category"
    return "category" if isinstance(first, bool) else "number"
