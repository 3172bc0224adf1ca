"""The rows of an MXLIMS message beside the tree of its shipment: regions, groups, the session."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from marshmallow import fields
from sqlalchemy import select

from services.core.models import ShippingHasSession
from services.core.modules.samples.groups import groups
from services.core.modules.shipping.mxlims_documents import Message, MxlimsObject
from services.core.modules.shipping.mxlims_plans import list_plans
from shared import visibility
from shared.db import db, save
from shared.identity import Identity
from shared.models import BLSampleGroup, BLSampleGroupHasBLSample, BLSubSample, Position
from shared.schemas import fit_text, text_of
from shared.service_tables import SampleGroupPerson

Keys = dict[tuple, tuple[str, int]]  # table and key of the row of an object, by its path
TYPES = {"point": "poi", "line": "loi"}  # of subsamples; other shapes are regions of interest


def put_rows(
    identity: Identity,
    message: Message,
    keys: Keys,
    stored: Mapping[str, int],
    proposal_id: int,
    session_id: int | None,
) -> None:
    """Store regions, crystals and groups of the samples in ``keys``, and note their keys there.

    ``stored`` are the keys of the subsamples that are there already, by uuid.
    """
    for holder in message.holders:
        sample_id = keys[holder.path][1]
        crystals = [each for each in message.get_below(holder) if each.kind == "Crystal"]
        for each in message.get_below(holder):
            if each.kind == "DropRegion":
                key = _put_subsample(each, sample_id, stored)
                keys[each.path] = ("BLSubSample", key)
                for crystal in each.inside:
                    keys[crystal.path] = keys[each.path]
            elif each.kind == "Crystal" and each.path not in keys:
                if len(crystals) == 1:
                    keys[each.path] = ("BLSample", sample_id)
                else:
                    keys[each.path] = ("BLSubSample", _put_subsample(each, sample_id, stored))
    _put_groups(identity, message, keys, proposal_id)
    if session_id is not None:
        link = {"shippingId": keys[message.shipment.path][1], "sessionId": session_id}
        if not db.session.execute(select(ShippingHasSession.sessionId).filter_by(**link)).first():
            save(ShippingHasSession(), link)


def _put_subsample(each: MxlimsObject, sample_id: int, stored: Mapping[str, int]) -> int:
    """Store a region of a drop, or one of several crystals of a pin; return its key."""
    key = stored.get(each.uuid)
    row = db.session.get(BLSubSample, key) if key is not None else None
    row = row or BLSubSample(blSampleId=sample_id, blSubSampleUUID=each.uuid, source="manual")
    columns: dict[str, Any] = {}
    if each.kind == "DropRegion":
        shape = each["region"]["region"]
        corners = (*_list_corners(shape), None)[:2]
        image, changes = _fit(BLSubSample.imgFilePath, each["region"].get("image", {}).get("url"))
        columns = {
            "type": TYPES.get(shape["regionType"], "roi"),
            "positionId": _put_position(row.positionId, corners[0]),
            "position2Id": _put_position(row.position2Id, corners[1]),
            "imgFilePath": None if changes else image,
        }
    names = [inner["name"] for inner in (each, *each.inside) if inner["name"]]
    units = [f"in {each['region']['units']}"] if each.kind == "DropRegion" else []
    columns["comments"] = _fit(BLSubSample.comments, "; ".join([*names, *units]))[0]
    return save(row, columns).blSubSampleId


@cache
def _get_field(column: Any) -> fields.String:
    """The field of a column, with its length and characters."""
    return text_of(column)


def _fit(column: Any, text: str | None) -> tuple[str | None, list[str]]:
    """``text`` as a column can hold it, and the changes."""
    return fit_text(_get_field(column), text, free=True) if text else (None, [])


def _put_position(key: int | None, corner: tuple | None) -> int | None:
    if corner is None:
        return None
    row = db.session.get(Position, key) if key is not None else None
    return save(row or Position(), dict(zip(("posX", "posY"), corner))).positionId


def _list_corners(shape: dict) -> Iterator[tuple]:
    """The point of a shape, the ends of a line, or two corners of the rectangle around it."""
    if shape["regionType"] == "point":
        yield shape["x"], shape["y"]
    elif shape["regionType"] == "circle":
        x, y, radius = shape["center"]["x"], shape["center"]["y"], shape["radius"]
        yield x - radius, y - radius
        yield x + radius, y + radius
    elif shape["regionType"] == "line":
        yield from ((point["x"], point["y"]) for point in shape["points"])
    else:
        columns = [[point[axis] for point in shape["points"]] for axis in ("x", "y")]
        yield tuple(min(values) for values in columns)
        yield tuple(max(values) for values in columns)


def _put_groups(identity: Identity, message: Message, keys: Keys, proposal_id: int) -> None:
    """Put the samples of planned experiments into the groups that these name.

    A group that is shared with named persons stays as they made it.
    """
    members: dict[str | None, list[int]] = {}
    rule, shared = visibility.rule(identity, BLSampleGroup), select(
        SampleGroupPerson.blSampleGroupId
    )
    for experiment, holder in list_plans(message):
        if holder and experiment["sampleGroup"]:
            name, _ = _fit(BLSampleGroup.name, experiment["sampleGroup"])
            members.setdefault(name, []).append(keys[holder.path][1])
    for name, sample_ids in members.items():
        columns = {"name": name, "proposalId": proposal_id}
        statement = select(BLSampleGroup.blSampleGroupId).filter_by(**columns)
        statement = statement.where(rule.condition, BLSampleGroup.blSampleGroupId.not_in(shared))
        group_id = db.session.scalar(statement.limit(1), rule.values)
        if group_id is None:
            group_id = groups.insert(identity, columns).blSampleGroupId
        link = BLSampleGroupHasBLSample
        statement = select(link.blSampleId).filter_by(blSampleGroupId=group_id)
        stored = {*db.session.scalars(statement)}
        for key in sample_ids:
            if key not in stored:
                save(link(), {"blSampleGroupId": group_id, "blSampleId": key})
