"""Ligands: small molecules of a proposal, alone and in its samples."""

from typing import Any

from services.core.models import Ligand
from services.core.modules.samples.samples import check_sample_of_proposal, samples
from services.core.schemas.samples.ligands import LigandSchema, SampleLigandSchema
from shared import batches
from shared.db import db
from shared.identity import Identity
from shared.link_service import LinkService
from shared.table_service import TableService

ligands = TableService(LigandSchema)
sample_ligands = LinkService(samples, "blSampleId", "ligandId", SampleLigandSchema)


@sample_ligands.check
def check_proposal(identity: Identity, data: dict, stored: Any) -> None:
    """Check that a sample and its ligand are of one proposal."""
    if (ligand := db.session.get(Ligand, data["ligandId"])) is not None:
        check_sample_of_proposal(data["blSampleId"], ligand.proposalId, "ligand")


def create_all(identity: Identity, proposal_id: int, rows: list[dict]) -> list[int]:
    """Create ligands of a visible proposal; return their keys in this order.

    Each of ``rows`` has columns as ``LigandSchema`` loads them, without the proposal.
    """
    documents = [{**row, "proposalId": proposal_id} for row in rows]
    ligands.check_new(identity, documents)
    return batches.insert_with_keys(Ligand, documents)
