"""A table of the columns of an Arrow schema, and Arrow rows as a driver takes them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle


class _Printed(sa.TypeDecorator[Any]):
    """What SQLite has no type for and would round or cut is text there."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Return the value as text."""
        if value is None:
            return None
        return value.isoformat() if isinstance(value, datetime) else str(value)


def declare(table: str, schema: str | None, columns: Any) -> "sa.Table":
    """Return a table for an Arrow schema; its keys are c0, c1, …, since a column's name may hold anything."""
    declared = [
        sa.Column(item.name, _type(item.type), key=f"c{position}", nullable=True)
        for position, item in enumerate(columns)
    ]
    return sa.Table(table, sa.MetaData(), *declared, schema=schema)


def rows_of(batch: Any) -> list[dict[str, Any]]:
    """Return an Arrow record batch as rows under the keys c0, c1 and so on."""
    columns = [_values(column) for column in batch.columns]
    keys = [f"c{position}" for position in range(len(columns))]
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


def _type(kind: Any) -> Any:
    import pyarrow.types as kinds

    if kinds.is_uint64(kind):
        return sa.Numeric(20, 0).with_variant(_Printed(), "sqlite")
    if kinds.is_decimal(kind):
        return sa.Numeric(kind.precision, kind.scale).with_variant(_Printed(), "sqlite")
    if kinds.is_timestamp(kind):
        return _timestamp(with_zone=kind.tz is not None)
    if kinds.is_binary(kind) or kinds.is_large_binary(kind):
        return sa.LargeBinary()
    known = [(kinds.is_boolean, sa.Boolean), (kinds.is_integer, sa.BigInteger), (kinds.is_floating, sa.Double)]
    return next((of() for is_kind, of in known if is_kind(kind)), sa.Date() if kinds.is_date(kind) else sa.Text())


def _timestamp(*, with_zone: bool) -> Any:
    """Return the type that keeps microseconds; what some databases mean by DATETIME or DATE cuts them off."""
    kind = sa.DateTime(timezone=with_zone).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    kind = kind.with_variant(oracle.TIMESTAMP(timezone=with_zone), "oracle")
    if with_zone:
        return kind.with_variant(_Printed(), "sqlite").with_variant(mssql.DATETIMEOFFSET(6), "mssql")  # type: ignore[no-untyped-call]
    return kind.with_variant(mssql.DATETIME2(6), "mssql")  # type: ignore[no-untyped-call]


def _values(column: Any) -> list[Any]:
    import pyarrow as pa
    import pyarrow.types as kinds

    from ml.io.arrow.frames import widened

    kind = column.type
    if kinds.is_timestamp(kind):
        # No database has nanoseconds, and some cut the zone off.
        column = column.cast(pa.timestamp("us", tz=kind.tz and "UTC"), safe=False)
    if kinds.is_floating(kind):
        column = widened(column)  # else 0.1 of a float32 would be 0.10000000149011612
    values: list[Any] = column.to_pylist()
    if isinstance(_type(kind), sa.Text) and not (kinds.is_string(kind) or kinds.is_large_string(kind)):
        return [None if value is None else str(value) for value in values]
    return values
