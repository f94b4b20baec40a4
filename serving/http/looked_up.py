"""What the schema of a row says of columns that are looked up."""

from collections.abc import Sequence

from schemas.lookups import LookupSpec
from serving.http.json_schema import Json


def with_lookups(row: Json, lookups: Sequence[LookupSpec]) -> Json:
    """Return the schema of a row in which looked up columns may be left out, and keys may stand.

    So may keys of lookups that give none of its columns: they are sent for other versions.
    """
    properties, given = dict(row["properties"]), set[str]()
    for one in lookups:
        columns = [name for name in one.columns if name in properties]
        given.update(columns)
        for name in columns:
            properties[name] = _noted(properties[name], f"looked up by {one.key!r} where it is left out")
        if columns:
            own: Json = {"type": ["string", "integer", "null"]}
            known = properties.get(one.key, own)
            known = known if "type" in known else own  # a column without effect
            properties[one.key] = _noted(known, f"{', '.join(columns)}: looked up by it ({one.name})")
        else:
            properties.setdefault(one.key, {"description": f"key of the lookup {one.name}: has no effect here"})
    return row | {"properties": properties, "required": [name for name in row["required"] if name not in given]}


def _noted(schema: Json, note: str) -> Json:
    return schema | {"description": "; ".join(filter(None, [schema.get("description"), note]))}
