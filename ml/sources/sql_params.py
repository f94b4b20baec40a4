"""Parameters of the source `sql`, checked without a database library."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from ml.io.database.params import DatabaseParams
from ml.io.database.query import why_not_one_query


class SqlParams(DatabaseParams):
    """Which database, who asks, and which rows."""

    table: str | None = Field(default=None, min_length=1, description="table or view; or query")
    query: str | None = Field(default=None, min_length=1, description="one SELECT; or table")

    @field_validator("query")
    @classmethod
    def _query_reads(cls, query: str | None) -> str | None:
        if query is not None and (why := why_not_one_query(query)):
            raise ValueError(why)
        return query

    @model_validator(mode="after")
    def _table_or_query(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("declare either table or query; the other one is null")
        if self.query is not None and self.database_schema is not None:
            raise ValueError("database_schema belongs to a table; name the schema in the query")
        return self
