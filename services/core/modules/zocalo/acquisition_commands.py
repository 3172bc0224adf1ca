"""Commands about acquisition: data collections, screenings and centrings."""

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import func, inspect

from services.core.models import (
    Screening,
    ScreeningOutput,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from services.core.modules.acquisition.data_collection_groups import data_collection_groups
from services.core.modules.acquisition.data_collections import data_collections
from services.core.modules.processing.screenings import check_plans, screenings
from services.core.modules.processing.xray_centrings import xray_centrings
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    check,
    collection,
    loaded,
)
from services.core.modules.zocalo.program_commands import WRITER
from services.core.schemas.acquisition.data_collection_groups import DataCollectionGroupSchema
from services.core.schemas.acquisition.data_collections import DataCollectionSchema
from services.core.schemas.processing import screenings as schemas
from services.core.schemas.processing.xray_centrings import CentringSchema
from shared import access
from shared.db import db, save
from shared.errors import BadInput
from shared.identity import Identity

ACQUIRER = "mx_write"
LEVELS = (Screening, ScreeningOutput, ScreeningStrategy, ScreeningStrategyWedge)
PARENTS = {"dcid": "dataCollectionId", "dcgid": "dataCollectionGroupId"}
SNAPSHOTS = {f"xtalsnapshot{number}": f"xtalSnapshotFullPath{number}" for number in range(1, 5)}
IMAGES = {"noimages": "numberOfImages"}


def insert_data_collection_group(identity: Identity, said: CommandParameters) -> int:
    """Create a group in a session."""
    identity.need(ACQUIRER)
    data = loaded(DataCollectionGroupSchema(), said)
    return data_collection_groups.create(identity, data)["dataCollectionGroupId"]


def insert_data_collection(identity: Identity, said: CommandParameters) -> int:
    """Create a data collection of a group."""
    identity.need(ACQUIRER)
    data = loaded(DataCollectionSchema(), said, dcgid=PARENTS["dcgid"], **SNAPSHOTS)
    return data_collections.create(identity, data)["dataCollectionId"]


def upsert_data_collection_mx(identity: Identity, said: CommandParameters) -> int:
    """Change a data collection, or create it if none is named: what is not said stays."""
    if said.key("dcid") is None:
        return insert_data_collection(identity, said)
    identity.need(ACQUIRER)
    key = collection(identity, said)
    schema = DataCollectionSchema(partial=True)
    data = loaded(schema, said, dcgid=PARENTS["dcgid"], **SNAPSHOTS)
    return data_collections.update(identity, key, data)["dataCollectionId"]


def insert_screening(identity: Identity, said: CommandParameters) -> int:
    """Begin a screening of a data collection or group."""
    identity.need(WRITER)
    data = loaded(schemas.ScreeningSchema(), said, programid="autoProcProgramId", **PARENTS)
    return screenings.create(identity, data)["screeningId"]


def _below(schema: Any, level: int, name: str) -> Callable[[Identity, CommandParameters], int]:
    """The command that adds a row of ``schema`` to one of ``LEVELS``, which goes by ``name``."""
    model = schema.Meta.model
    link, key = _key(LEVELS[level]), _key(model)

    def insert(identity: Identity, said: CommandParameters) -> int:
        identity.need(WRITER)
        above = {link: _visible(identity, level, name, said.needed(name))}
        data = {**_defaults(model, said, above), **loaded(schema(), said, **IMAGES)}
        check_plans(identity, [data])
        return getattr(save(model(), {**data, **above}), key)

    return insert


def _key(model: Any) -> str:
    (key,) = inspect(model).primary_key
    return key.key


def _visible(identity: Identity, level: int, name: str, value: int) -> int:
    """The key of a row of a screening that the caller sees."""
    key = getattr(LEVELS[level], _key(LEVELS[level]))
    stmt = db.select(key)
    for parent in reversed(LEVELS[:level]):
        stmt = stmt.join(parent)
    rule = access.recorded(identity, Screening.dataCollectionId, Screening.dataCollectionGroupId)
    check(name, key, value, rule, stmt)
    return value


def _defaults(model: Any, said: CommandParameters, above: dict) -> dict:
    """What these commands mean without saying it."""
    if model is ScreeningOutput:
        found = dict.fromkeys(("indexingSuccess", "strategySuccess"), True)
        return {**found, "mosaicityEstimated": said.get("mosaicity") is not None}
    if model is ScreeningStrategyWedge:
        return {"wedgeNumber": 1}
    if model is ScreeningStrategySubWedge:
        return {"subWedgeNumber": 1 + _count(model, above)}
    return {}


def _count(model: Any, above: dict) -> int:
    stmt = db.select(func.count()).select_from(model).filter_by(**above)
    return db.session.scalar(stmt) or 0


def insert_xray_centring(identity: Identity, said: CommandParameters) -> int:
    """Store a centring with its results."""
    identity.need(WRITER)
    document = {
        "dataCollectionGroupId": said.needed("dcgid"),
        "status": said.get("status"),
        "xrayCentringType": said.get("type"),
        "results": [_crystal(each) for each in said.parts("results")],
    }
    try:
        data = CentringSchema().load(document)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    return xray_centrings.create(identity, data)["xrayCentringId"]


def _crystal(told: dict) -> dict:
    """One crystal that was found; without Z where the scan was flat."""
    corners = told.get("bounding_box") or []
    if not isinstance(corners, list):
        raise BadInput("invalid input", {"results": ["bounding_box: Not a valid list."]})
    points = {
        "centreOfMass": told.get("centre_of_mass"),
        "maxVoxel": told.get("max_voxel"),
        **dict(zip(("boundingBoxMin", "boundingBoxMax"), corners)),
    }
    found = {
        "numberOfVoxels": told.get("n_voxels"),
        "totalCount": told.get("total_count"),
        "blSampleId": told.get("sample_id"),
    }
    for name, point in points.items():
        if not isinstance(point or [], list):
            raise BadInput("invalid input", {"results": [f"{name}: Not a valid list."]})
        found |= {f"{name}{axis}": value for axis, value in zip("XYZ", point or [])}
    return found


COMMANDS = {
    "insert_data_collection_group": insert_data_collection_group,
    "insert_data_collection": insert_data_collection,
    "upsert_data_collection_mx": upsert_data_collection_mx,
    "insert_screening": insert_screening,
    "insert_screening_input": _below(schemas.ScreeningInputSchema, 0, "screening_id"),
    "insert_screening_output": _below(schemas.ScreeningOutputSchema, 0, "screening_id"),
    "insert_screening_output_lattice": _below(
        schemas.ScreeningOutputLatticeSchema, 1, "screening_output_id"
    ),
    "insert_screening_strategy": _below(schemas.ScreeningStrategySchema, 1, "screening_output_id"),
    "insert_screening_strategy_wedge": _below(
        schemas.ScreeningStrategyWedgeSchema, 2, "screening_strategy_id"
    ),
    "insert_screening_strategy_sub_wedge": _below(
        schemas.ScreeningStrategySubWedgeSchema, 3, "screening_strategy_wedge_id"
    ),
    "insert_xray_centring": insert_xray_centring,
}
