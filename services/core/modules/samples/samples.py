"""Samples: callers who see the proposal read and write them, acquisition software too."""

from sqlalchemy import select, union

from services.core.modules.samples import sample_rules
from services.core.schemas.samples.container_owners import select_owners
from services.core.schemas.samples.samples import NewSampleSchema, SampleSchema
from shared import access
from shared.db import db
from shared.errors import Conflict, NotYet
from shared.identity import Identity
from shared.models import BLSample, BLSubSample, Container, Crystal, Protein
from shared.table_service import TableService

DEPENDENT = ("BLSubSample", "BLSample_has_Ligand", "BLSampleGroup_has_BLSample")
samples = TableService(SampleSchema, document=NewSampleSchema, along=DEPENDENT)
samples.check_rows(sample_rules.check_places)
samples.check_rows(sample_rules.check_names)


@samples.check
def check_owner(identity: Identity, data: dict, stored: BLSample | None) -> None:
    """Check the subsample, the crystal and the container of a sample."""
    _check_subsample(stored, data.get("blSubSampleId"))
    if stored is None or {"crystalId", "containerId"} & data.keys():
        crystal_id = data.get("crystalId", getattr(stored, "crystalId", None))
        container_id = data.get("containerId", getattr(stored, "containerId", None))
        if stored is None and identity.is_service and crystal_id is None and container_id is None:
            return  # a client that ships may send the container later
        _check_container(identity, crystal_id, container_id)
        _check_proposal(crystal_id, container_id)


def _check_subsample(stored: BLSample | None, subsample_id: int | None) -> None:
    """Raise NotYet unless the subsample is of the sample: no foreign key checks that."""
    if subsample_id is None:
        return
    key = None if stored is None else stored.blSampleId
    statement = select(BLSubSample).filter_by(blSubSampleId=subsample_id, blSampleId=key)
    if not db.session.scalars(statement).first():
        reasons = {"blSubSampleId": ["no such BLSubSample"]}
        raise NotYet("a referenced row is not there yet", reasons)


def _check_container(identity: Identity, crystal_id: int | None, container_id: int | None) -> None:
    """Raise Conflict if a sample without a crystal is in a container hidden from the caller."""
    if crystal_id is not None or container_id is None:
        return
    rule, key = access.containers(identity), Container.containerId
    visible = select(key).where(key == container_id, rule.condition)
    if not db.session.execute(visible, rule.values).first():
        raise Conflict("without a crystal it belongs to its container, which is hidden from you")


def _check_proposal(crystal_id: int | None, container_id: int | None) -> None:
    """Raise Conflict if a sample has no proposal, or its crystal and container different ones.

    A container without a dewar, an outer container and a session is of no proposal.
    """
    if crystal_id is None and container_id is None:
        raise Conflict("without a crystal and a container it belongs to nobody")
    if len(_get_proposals(crystal_id, container_id)) > 1:
        raise Conflict("the crystal and the container are of different proposals")


def check_sample_of_proposal(sample_id: int, proposal_id: int | None, other: str) -> None:
    """Raise Conflict unless a sample is of the proposal of the ``other`` row, e.g. its ligand."""
    row = db.session.get_one(BLSample, sample_id)
    container_id = row.containerId if row.crystalId is None else None
    if _get_proposals(row.crystalId, container_id) != {proposal_id}:
        raise Conflict(f"the sample and the {other} are of different proposals")


def _get_proposals(crystal_id: int | None, container_id: int | None) -> set[int]:
    """The proposals of a crystal and of a container."""
    proposal = select(Protein.proposalId).join(Crystal, Crystal.proteinId == Protein.proteinId)
    statements = [proposal.where(Crystal.crystalId == crystal_id)]
    for containers, owner in select_owners():
        (key,) = containers.selected_columns
        statements.append(containers.with_only_columns(owner).where(key == container_id))
    return {*db.session.scalars(union(*statements))}
