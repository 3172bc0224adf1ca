"""Samples: read by whoever sees their proposal, changed by people and by acquisition software."""

from sqlalchemy import select, union

from services.core.modules import proposals
from services.core.schemas.containers import owned
from services.core.schemas.samples import SampleSchema
from shared import access, read, rows
from shared.access import everything
from shared.db import db, save
from shared.errors import Conflict, NotYet
from shared.identity import Identity
from shared.models import BLSample, BLSubSample, Container, Crystal, Protein


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
    sample = rows.lock_visible(identity, BLSample, sample_id)
    rows.check_parents(identity, BLSample, data)
    _check_part(sample_id, data.get("blSubSampleId"))
    save(sample, data)
    if {"crystalId", "containerId"} & data.keys():
        _check_container(identity, sample)
        _check_owner(sample)
    return read.one(SampleSchema, everything(identity), blSampleId=sample_id)


def _check_part(sample_id: int, part_id: int | None) -> None:
    """No foreign key says that the preferred part is there, and is of the sample."""
    mine = select(BLSubSample).filter_by(blSubSampleId=part_id, blSampleId=sample_id)
    if part_id is not None and not db.session.scalars(mine).first():
        reasons = {"blSubSampleId": ["no such BLSubSample"]}
        raise NotYet("a referenced row is not there yet", reasons)


def _check_container(identity: Identity, sample: BLSample) -> None:
    """Conflict if a sample without a crystal is left to a container that the caller cannot see."""
    rule, key = access.containers(identity), Container.containerId
    if sample.crystalId is not None or sample.containerId is None:
        return
    shown = select(key).where(key == sample.containerId, rule.condition)
    if not db.session.execute(shown, rule.values).first():
        raise Conflict("without a crystal it belongs to its container, which is hidden from you")


def _check_owner(sample: BLSample) -> None:
    """Conflict if a sample is nobody's, or its crystal is of one proposal, its place of another.

    A container that is nowhere belongs to no proposal.
    """
    if sample.crystalId is None and sample.containerId is None:
        raise Conflict("without a crystal and a container it belongs to nobody")
    of_crystal = select(Protein.proposalId).join(Crystal, Crystal.proteinId == Protein.proteinId)
    ways = [of_crystal.where(Crystal.crystalId == sample.crystalId)]
    for found, owner in owned():
        (key,) = found.selected_columns
        ways.append(found.with_only_columns(owner).where(key == sample.containerId))
    if len(db.session.scalars(union(*ways)).all()) > 1:
        raise Conflict("the crystal and the container are of different proposals")
