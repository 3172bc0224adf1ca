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
    check_visible,
    get_collection_id,
    load_columns,
    warn_of_others,
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
CRYSTAL = (
    *("centre_of_mass", "max_voxel", "bounding_box", "n_voxels", "total_count", "sample_id"),
)  # the names of its values in a message


def insert_data_collection_group(identity: Identity, parameters: CommandParameters) -> int:
    """Create a group in a session."""
    identity.need(ACQUIRER)
    data = load_columns(DataCollectionGroupSchema(), parameters)
    return data_collection_groups.create(identity, data)["dataCollectionGroupId"]


def insert_data_collection(identity: Identity, parameters: CommandParameters) -> int:
    """Create a data collection of a group."""
    identity.need(ACQUIRER)
    data = load_columns(DataCollectionSchema(), parameters, dcgid=PARENTS["dcgid"], **SNAPSHOTS)
    return data_collections.create(identity, data)["dataCollectionId"]


def upsert_data_collection_mx(identity: Identity, parameters: CommandParameters) -> int:
    """Change a data collection, or create one if none is named; absent columns stay."""
    if parameters.get_key("dcid") is None:
        return insert_data_collection(identity, parameters)
    identity.need(ACQUIRER)
    key = get_collection_id(identity, parameters)
    schema = DataCollectionSchema(partial=True)
    data = load_columns(schema, parameters, dcgid=PARENTS["dcgid"], **SNAPSHOTS)
    return data_collections.update(identity, key, data)["dataCollectionId"]


def insert_screening(identity: Identity, parameters: CommandParameters) -> int:
    """Begin a screening of a data collection or group."""
    identity.need(WRITER)
    data = load_columns(
        schemas.ScreeningSchema(), parameters, programid="autoProcProgramId", **PARENTS
    )
    return screenings.create(identity, data)["screeningId"]


def _make_insert(
    schema: Any, level: int, name: str
) -> Callable[[Identity, CommandParameters], int]:
    """The command that inserts a row of ``schema`` below a row of ``LEVELS[level]``.

    The parameter ``name`` has the key of that row.
    """
    model = schema.Meta.model
    link, key = _key(LEVELS[level]), _key(model)

    def insert(identity: Identity, parameters: CommandParameters) -> int:
        identity.need(WRITER)
        above = {link: _get_visible_key(identity, level, name, parameters.require_key(name))}
        data = {
            **_defaults(model, parameters, above),
            **load_columns(schema(), parameters, **IMAGES),
        }
        check_plans(identity, [data])
        return getattr(save(model(), {**data, **above}), key)

    return insert


def _key(model: Any) -> str:
    (key,) = inspect(model).primary_key
    return key.key


def _get_visible_key(identity: Identity, level: int, name: str, value: int) -> int:
    """The key ``value`` of a row of a visible screening; NotYet if it is hidden or absent."""
    key = getattr(LEVELS[level], _key(LEVELS[level]))
    statement = db.select(key)
    for parent in reversed(LEVELS[:level]):
        statement = statement.join(parent)
    rule = access.recorded(identity, Screening.dataCollectionId, Screening.dataCollectionGroupId)
    check_visible(name, key, value, rule, statement)
    return value


def _defaults(model: Any, parameters: CommandParameters, above: dict) -> dict:
    """The columns that these commands leave to their receiver."""
    if model is ScreeningOutput:
        columns = dict.fromkeys(("indexingSuccess", "strategySuccess"), True)
        return {**columns, "mosaicityEstimated": parameters.get("mosaicity") is not None}
    if model is ScreeningStrategyWedge:
        return {"wedgeNumber": 1}
    if model is ScreeningStrategySubWedge:
        return {"subWedgeNumber": 1 + _count(model, above)}
    return {}


def _count(model: Any, above: dict) -> int:
    statement = db.select(func.count()).select_from(model).filter_by(**above)
    return db.session.scalar(statement) or 0


def insert_xray_centring(identity: Identity, parameters: CommandParameters) -> int:
    """Store a centring with its results."""
    identity.need(WRITER)
    document = {
        "dataCollectionGroupId": parameters.require_key("dcgid"),
        "status": parameters.get("status"),
        "xrayCentringType": parameters.get("type"),
        "results": [_load_crystal(each) for each in parameters.get_objects("results")],
    }
    for number, each in enumerate(parameters.get_objects("results")):
        warn_of_others(each, CRYSTAL, f"results.{number}", parameters.warnings)
    try:
        data = CentringSchema().load(document)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    return xray_centrings.create(identity, data)["xrayCentringId"]


def _load_crystal(crystal: dict) -> dict:
    """The columns of one crystal; those of Z are absent if the scan was flat."""
    corners = crystal.get("bounding_box") or []
    if not isinstance(corners, list):
        raise BadInput("invalid input", {"results": ["bounding_box: Not a valid list."]})
    points = {
        "centreOfMass": crystal.get("centre_of_mass"),
        "maxVoxel": crystal.get("max_voxel"),
        **dict(zip(("boundingBoxMin", "boundingBoxMax"), corners)),
    }
    columns = {
        "numberOfVoxels": crystal.get("n_voxels"),
        "totalCount": crystal.get("total_count"),
        "blSampleId": crystal.get("sample_id"),
    }
    for name, point in points.items():
        if not isinstance(point or [], list):
            raise BadInput("invalid input", {"results": [f"{name}: Not a valid list."]})
        columns |= {f"{name}{axis}": value for axis, value in zip("XYZ", point or [])}
    return columns


COMMANDS = {
    "insert_data_collection_group": insert_data_collection_group,
    "insert_data_collection": insert_data_collection,
    "upsert_data_collection_mx": upsert_data_collection_mx,
    "insert_screening": insert_screening,
    "insert_screening_input": _make_insert(schemas.ScreeningInputSchema, 0, "screening_id"),
    "insert_screening_output": _make_insert(schemas.ScreeningOutputSchema, 0, "screening_id"),
    "insert_screening_output_lattice": _make_insert(
        schemas.ScreeningOutputLatticeSchema, 1, "screening_output_id"
    ),
    "insert_screening_strategy": _make_insert(
        schemas.ScreeningStrategySchema, 1, "screening_output_id"
    ),
    "insert_screening_strategy_wedge": _make_insert(
        schemas.ScreeningStrategyWedgeSchema, 2, "screening_strategy_id"
    ),
    "insert_screening_strategy_sub_wedge": _make_insert(
        schemas.ScreeningStrategySubWedgeSchema, 3, "screening_strategy_wedge_id"
    ),
    "insert_xray_centring": insert_xray_centring,
}
