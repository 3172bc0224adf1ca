"""The lists that core publishes, and a query for each filter and order that they document."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from flask import Flask
from sqlalchemy import Connection

from bench.facility.callers import Client
from bench.facility.sizes import BEAMLINES, GROUPS, PERSON, SMALL_BEAMLINE, Size
from shared.app import specifications
from tests.operations import filled, is_list, names, resolved

PAGES = {"skip", "limit", "after", "fields", "sort"}
SORTABLE = re.compile(r"\^-\?\((.*?)\)")
DEEP = 5_000  # rows that a deep page skips
ABSENT = {"string": "nosuch", "integer": 123_456_789, "number": 1234.5}
NEEDED = {"month": ("year",), "day": ("year", "month")}
DATES = {"start": "2021-01-01", "end": "2021-01-08", "year": 2021, "month": 3, "day": 5}
ONE = """
SELECT s.sessionId, s.proposalId, s.visit_number, s.beamLineName, p.proposalNumber,
  g.dataCollectionGroupId, g.blSampleId, c.crystalId, c.proteinId, b.containerId,
  w.shippingId AS shipmentId, d.dataCollectionId, i.autoProcProgramId
FROM BLSession s JOIN Proposal p ON p.proposalId = s.proposalId
  JOIN DataCollectionGroup g ON g.sessionId = s.sessionId
  JOIN BLSample b ON b.blSampleId = g.blSampleId JOIN Crystal c ON c.crystalId = b.crystalId
  JOIN Container k ON k.containerId = b.containerId JOIN Dewar w ON w.dewarId = k.dewarId
  JOIN DataCollection d ON d.dataCollectionGroupId = g.dataCollectionGroupId
  JOIN AutoProcIntegration i ON i.dataCollectionId = d.dataCollectionId
WHERE s.sessionId = {}
ORDER BY d.dataCollectionId LIMIT 1
"""
FIRST_OF_BEAMLINE = """
SELECT sessionId FROM BLSession WHERE beamLineName = '{}' ORDER BY sessionId LIMIT 1
"""


class Query(NamedTuple):
    """A list with a query; ``kind`` tells the filter or order in it, empty without one."""

    path: str
    kind: str
    parameters: dict[str, Any]


def list_paths(app: Flask) -> dict[str, dict]:
    """The published operations that answer lists, by path."""
    operations = {}
    for specification in specifications(app).values():
        for path, item in specification["paths"].items():
            if "get" in item and "/mxcube/" not in path:
                operation = resolved(item["get"], specification)
                shared = item.get("parameters", [])
                operation["parameters"] = [*shared, *operation.get("parameters", [])]
                if is_list(operation):
                    operations[path] = operation
    return operations


def list_keys(connection: Connection, size: Size, caller: str) -> dict[str, Any]:
    """The keys and names of one visible session and of the rows that hang on it."""
    beamline = {"big beamline": BEAMLINES[0], "small beamline": SMALL_BEAMLINE}.get(caller)
    session: int | None = size.session(size.own_proposal(0), 3)
    if beamline:
        statement = FIRST_OF_BEAMLINE.format(beamline)
        session = connection.exec_driver_sql(statement).scalar_one()
    row = dict(connection.exec_driver_sql(ONE.format(session)).mappings().one())
    visit, number = row.pop("visit_number"), row.pop("proposalNumber")
    row |= {"proposal": f"mx{number}", "session": f"mx{number}-{visit}"}
    return row | {
        "autoProcId": row["autoProcProgramId"],
        "login": "p20",
        "beamLineGroup": GROUPS[0]["name"],
    }


def list_queries(
    client: Client, path: str, operation: dict, keys: dict[str, Any]
) -> Iterator[Query]:
    """The plain page, each filter alone with a value that rows have and with none, each order."""
    needed = [_as_column(name) for name in names(operation, "path")]
    if not keys.keys() >= {*needed}:  # rows that the facility does not have, such as registries
        return
    places = {name: keys[_as_column(name)] for name in names(operation, "path")}
    path = filled(path, places)
    required = [p["name"] for p in operation["parameters"] if p.get("required")]
    base = {name: DATES[name] for name in required if name in DATES}
    yield Query(path, "", base)
    answer = client.get(path, base)
    rows = orjson.loads(answer.body).get("results", []) if answer.status == 200 else []
    row = rows[-1] if rows else {}
    schemas = {p["name"]: p["schema"] for p in operation["parameters"] if p["in"] == "query"}
    for name, schema in schemas.items():
        if name in PAGES:
            continue
        column, _, way = name.partition("__")
        value = _choose(column, schema, keys, row)
        if way == "in":
            values = dict.fromkeys((value, _choose_absent(schema["items"]) or value))
            yield Query(path, name, {**base, name: ",".join(map(str, values))})
            continue
        with_it = {needed: DATES[needed] for needed in NEEDED.get(name, ())}
        yield Query(path, name, {**base, **with_it, name: value})
        if name == "search" or f"{column}__in" in schemas and not way:
            if absent := _choose_absent(schema):
                yield Query(path, f"{name}, no row", {**base, name: absent})
    for name in _list_orders(schemas):
        yield Query(path, "sort", {**base, "sort": name})
    if "skip" in schemas:
        yield Query(path, "skip", {**base, "skip": DEEP})


def _as_column(name: str) -> str:
    """``data_collection_id`` as ``dataCollectionId``."""
    first, *others = name.split("_")
    column = first + "".join(part.capitalize() for part in others)
    return {"programId": "autoProcProgramId", "autoprocId": "autoProcId"}.get(column, column)


def _list_orders(schemas: dict[str, dict]) -> Iterator[str]:
    match = SORTABLE.search(schemas.get("sort", {}).get("items", {}).get("pattern", ""))
    for name in match[1].split("|") if match else ():
        yield name
        yield f"-{name}"


def _choose(column: str, schema: dict, keys: dict[str, Any], row: dict) -> Any:
    """A value for a filter: of the session, of a row of the list, or any that is valid."""
    if column in keys:
        return keys[column]
    if column in DATES:
        return DATES[column]
    if column == "personId":
        return PERSON["long session"] + 20
    value = row.get(column)
    if isinstance(value, bool) or schema.get("type") == "boolean":
        return str(bool(value) or True).lower()
    if value not in (None, "") and not isinstance(value, dict | list):
        return value
    schema = schema.get("items", schema)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format", "").startswith("date"):
        return "2021-01-01T00:00:00"
    if column == "search":
        return "e"
    return {"integer": 1, "number": 1.5}.get(schema.get("type", ""), "a")


def _choose_absent(schema: dict) -> Any:
    """A value that no row has; None where any value may be one of a few, or of a date."""
    if "enum" in schema or "format" in schema:
        return None
    absent = ABSENT.get(schema.get("type", ""))
    if isinstance(absent, str):
        return absent[: schema.get("maxLength", len(absent))]
    if absent is not None and absent > schema.get("maximum", absent):
        return schema["maximum"]
    return absent
