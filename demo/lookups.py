"""Rows that every real database has: types, groups, permissions."""

from itertools import chain

from sqlalchemy import Connection, insert, inspect, select

from demo import facility
from services.ssx.models import EventType
from shared.db import Base
from shared.models import (
    AdminVar,
    BLSampleImageScore,
    ComponentType,
    ConcentrationType,
    ContainerType,
    ExperimentType,
    Imager,
    InspectionType,
    Permission,
    ProcessingPipeline,
    ProcessingPipelineCategory,
    UserGroup,
    UserGroupHasPermission,
)

CONTAINER_TYPE = (
    *("name", "proposalType", "active", "capacity"),
    *("wellPerRow", "dropPerWellX", "dropPerWellY", "wellDrop"),
)
TABLES: dict[type[Base], tuple[str, list[dict]]] = {  # the column of the name, and the rows
    ExperimentType: (
        "name",
        [
            {"name": name, "proposalType": technique, "active": True}
            for technique, names in facility.EXPERIMENT_TYPES
            for name in names
        ],
    ),
    EventType: ("name", [{"name": name} for name in facility.EVENT_TYPES]),
    ComponentType: ("name", [{"name": name} for name in facility.COMPONENT_TYPES]),
    ConcentrationType: (
        "name",
        [
            {"name": name, "symbol": symbol, "proposalType": technique, "active": True}
            for name, symbol, technique in facility.CONCENTRATION_TYPES
        ],
    ),
    ContainerType: (
        "name",
        [dict(zip(CONTAINER_TYPE, each)) for each in facility.CONTAINER_TYPES],
    ),
    Imager: (
        "name",
        [
            dict(zip(("name", "temperature", "serial", "capacity"), each))
            for each in facility.IMAGERS
        ],
    ),
    InspectionType: ("name", [{"name": name} for name in facility.INSPECTION_TYPES]),
    BLSampleImageScore: (
        "name",
        [dict(zip(("name", "score", "colour"), each)) for each in facility.IMAGE_SCORES],
    ),
    ProcessingPipelineCategory: (
        "name",
        [{"name": name} for name in facility.PIPELINE_CATEGORIES],
    ),
    Permission: (
        "type",
        [{"type": name, "description": text} for name, text in facility.PERMISSIONS.items()],
    ),
    UserGroup: ("name", [{"name": name} for name in facility.GROUPS]),
    AdminVar: ("name", [{"name": "schemaVersion", "value": facility.SCHEMA_VERSION}]),
}


def lookups(connection: Connection) -> dict[type[Base], dict[str, int]]:
    """Insert the missing rows; return the keys by name, of each table."""
    keys = {model: _lookup(connection, model, *TABLES[model]) for model in TABLES}
    categories = keys[ProcessingPipelineCategory]
    pipelines = [
        {
            "name": name,
            "discipline": "MX",
            "processingPipelineCategoryId": categories[category],
            "pipelineStatus": status,
            "reprocessing": again,
        }
        for name, category, status, again in facility.PIPELINES
    ]
    keys[ProcessingPipeline] = _lookup(connection, ProcessingPipeline, "name", pipelines)
    groups, permissions = keys[UserGroup], keys[Permission]
    link = UserGroupHasPermission
    stored_links = {
        tuple(row) for row in connection.execute(select(link.userGroupId, link.permissionId))
    }
    links = {
        (groups[name], permissions[type_])
        for name, types in facility.GROUPS.items()
        for type_ in types
    }
    new = [{"userGroupId": one, "permissionId": two} for one, two in sorted(links - stored_links)]
    if new:
        connection.execute(insert(link), new)
    return keys


def _lookup(
    connection: Connection, model: type[Base], column: str, rows: list[dict]
) -> dict[str, int]:
    key = inspect(model).primary_key[0]
    query = select(getattr(model, column), key).order_by(
        key.desc()
    )  # of equal names the smallest key counts
    keys = {name: number for name, number in connection.execute(query)}
    last = max(keys.values(), default=0)
    new = [row for row in rows if row[column] not in keys]
    for number, row in enumerate(new, last + 1):
        keys[row[column]] = number
    blank = dict.fromkeys(chain.from_iterable(new))
    if new:
        connection.execute(insert(model), [{key.name: keys[r[column]], **blank, **r} for r in new])
    return keys
