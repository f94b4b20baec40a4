"""A table of the columns of an Arrow schema, and Arrow rows as a driver takes them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Table


def declare(table: str, schema: str | None, columns: Any) -> "Table":
    """Return a table for an Arrow schema; its keys are c0, c1, …, since a column's name may hold anything."""
    from sqlalchemy import Column, MetaData, Table

    declared = [
        Column(item.name, _type(item.type), key=f"c{position}", nullable=True) for position, item in enumerate(columns)
    ]
    return Table(table, MetaData(), *declared, schema=schema)


def rows_of(batch: Any) -> list[dict[str, Any]]:
    """Return an Arrow record batch as rows under the keys c0, c1, …"""
    columns = [_values(column) for column in batch.columns]
    keys = [f"c{position}" for position in range(len(columns))]
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


def _type(kind: Any) -> Any:
    import pyarrow.types as kinds
    from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, LargeBinary, Numeric, Text

    if kinds.is_uint64(kind):
        return Numeric(20, 0)
    if kinds.is_decimal(kind):
        return Numeric(kind.precision, kind.scale)
    if kinds.is_timestamp(kind):
        return DateTime(timezone=kind.tz is not None)
    if kinds.is_binary(kind) or kinds.is_large_binary(kind):
        return LargeBinary()
    known = [(kinds.is_boolean, Boolean), (kinds.is_integer, BigInteger), (kinds.is_floating, Double)]
    return next((of() for is_kind, of in known if is_kind(kind)), Date() if kinds.is_date(kind) else Text())


def _values(column: Any) -> list[Any]:
    import pyarrow as pa
    import pyarrow.types as kinds
    from sqlalchemy import Text

    kind = column.type
    if kinds.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)  # no database has nanoseconds
    values: list[Any] = column.to_pylist()
    if isinstance(_type(kind), Text) and not (kinds.is_string(kind) or kinds.is_large_string(kind)):
        return [None if value is None else str(value) for value in values]
    return values
