"""Samples: read by whoever sees their proposal, changed by people and by acquisition software."""

from sqlalchemy import select

from services.core.modules import proposals
from services.core.schemas.samples import SampleSchema
from shared import access, read, rows
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import Conflict, NotYet
from shared.identity import Identity
from shared.models import (
    BLSample,
    BLSession,
    BLSubSample,
    Container,
    Crystal,
    Dewar,
    Protein,
    Shipping,
)


def find(identity: Identity, query: dict) -> dict:
    """List visible samples; ``proposal`` is an id or a name.

    ``beamLineName`` finds those that are ready to be loaded there.
    """
    if "proposal" in query:
        query = {**query, "proposal": proposals.key(identity, query["proposal"])}
    return read.page(SampleSchema, access.samples(identity), query)


def get(identity: Identity, sample_id: int, fields=()) -> dict:
    """Return one visible sample."""
    return read.one(SampleSchema, access.samples(identity), fields, blSampleId=sample_id)


def change(identity: Identity, sample_id: int, data: dict) -> dict:
    """Change some columns of a visible sample; a program needs leave."""
    if identity.program:
        identity.need("mx_write")
    get(identity, sample_id, ("blSampleId",))
    rows.check_parents(identity, BLSample, data)
    _check_part(sample_id, data.get("blSubSampleId"))
    sample = save(rows.locked(BLSample, sample_id), data)
    if {"crystalId", "containerId"} & data.keys():
        _check_owner(sample)
    return read.one(SampleSchema, EVERYTHING, blSampleId=sample_id)


def _check_part(sample_id: int, part_id: int | None) -> None:
    """No foreign key says that the preferred part is there, and is of the sample."""
    mine = select(BLSubSample).filter_by(blSubSampleId=part_id, blSampleId=sample_id)
    if part_id is not None and not db.session.scalars(mine).first():
        reasons = {"blSubSampleId": ["no such BLSubSample"]}
        raise NotYet("a referenced row is not there yet", reasons)


def _check_owner(sample: BLSample) -> None:
    """Conflict if what a sample is belongs to one proposal, and where it is to another."""
    of_crystal = select(Protein.proposalId).join(Crystal, Crystal.proteinId == Protein.proteinId)
    owner = db.session.scalar(of_crystal.where(Crystal.crystalId == sample.crystalId))
    holder = _holder(sample.containerId)
    if owner and holder and owner != holder:
        raise Conflict("the crystal and the container are of different proposals")


def _holder(container_id: int | None) -> int | None:
    """The proposal that has a container: by its dewar, else by what it is in, or its session."""
    box = db.session.get(Container, container_id) if container_id else None
    if box is None:
        return None
    if box.dewarId is not None:
        sent = select(Shipping.proposalId).join(Dewar, Dewar.shippingId == Shipping.shippingId)
        return db.session.scalar(sent.where(Dewar.dewarId == box.dewarId))
    if box.parentContainerId is not None:
        return _holder(box.parentContainerId)
    session = select(BLSession.proposalId).where(BLSession.sessionId == box.sessionId)
    return db.session.scalar(session)
