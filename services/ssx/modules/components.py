"""Components, and the components of samples and crystals."""

from typing import Any

from sqlalchemy import select

from services.ssx.models import Component
from services.ssx.schemas.components import (
    ComponentSchema,
    CrystalCompositionSchema,
    SampleCompositionSchema,
)
from shared.db import db
from shared.errors import Forbidden, bad_field
from shared.identity import Identity
from shared.models import BLSample, Crystal, Protein
from shared.table_service import TableService


class Components(TableService):
    """The components of proposals; those of all proposals are only read."""

    def lock(self, identity: Identity, key: Any) -> Component:
        """A component of a visible proposal, locked; Forbidden for one of all proposals."""
        row = super().lock(identity, key)
        if row.proposalId is None:
            raise Forbidden("a component of all proposals stays as it is")
        return row

    def delete(self, identity: Identity, key: Any) -> dict:
        """Delete a component of a visible proposal that nothing contains."""
        self.lock(identity, key)
        return super().delete(identity, key)


components = Components(ComponentSchema)
sample_compositions = TableService(SampleCompositionSchema)
crystal_compositions = TableService(CrystalCompositionSchema)


@components.check
def check_proposal(identity: Identity, data: dict, stored: Any) -> None:
    """Raise unless the component has a proposal."""
    if data.get("proposalId", stored and stored.proposalId) is None:
        raise bad_field("proposalId", "Must be a proposal: a component of all is not made here.")


@sample_compositions.check
@crystal_compositions.check
def check_component(identity: Identity, data: dict, stored: Any) -> None:
    """Raise unless the component is of all proposals, or of that of the sample or crystal."""
    values = {
        name: data.get(name, getattr(stored, name, None))
        for name in ("componentId", "blSampleId", "crystalId")
    }
    component = db.session.get(Component, values["componentId"])
    if component is None or component.proposalId is None:
        return
    statement = select(Protein.proposalId).join(Crystal, Crystal.proteinId == Protein.proteinId)
    if values["crystalId"] is not None:
        statement = statement.where(Crystal.crystalId == values["crystalId"])
    else:
        statement = statement.join(BLSample, BLSample.crystalId == Crystal.crystalId)
        statement = statement.where(BLSample.blSampleId == values["blSampleId"])
    proposal_id = db.session.scalar(statement)
    if proposal_id is not None and proposal_id != component.proposalId:
        raise bad_field("componentId", "Must be a component of the same proposal, or of all.")
