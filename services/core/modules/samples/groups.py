"""Groups of samples of a proposal."""

from typing import Any

from sqlalchemy import select

from services.core.modules.samples.samples import check_sample_of_proposal
from services.core.schemas.samples.diffraction_plans import SAMPLES
from services.core.schemas.samples.groups import SampleGroupMemberSchema, SampleGroupSchema
from shared.db import db
from shared.errors import Conflict
from shared.identity import Identity
from shared.link_service import LinkService
from shared.models import BLSampleGroup, BLSampleGroupHasBLSample
from shared.table_service import TableService


class SampleGroups(TableService):
    """The groups of samples."""

    def insert(self, identity: Identity, data: dict) -> BLSampleGroup:
        """Create a group of a visible proposal; its owner is the caller."""
        return super().insert(identity, {**data, "ownerId": identity.personId})


groups = SampleGroups(SampleGroupSchema, along=("BLSampleGroup_has_BLSample",))
group_samples = LinkService(groups, "blSampleGroupId", "blSampleId", SampleGroupMemberSchema)


@groups.check
def check_samples(identity: Identity, data: dict, stored: BLSampleGroup | None) -> None:
    """Check that the samples of a group are of its new proposal."""
    proposal_id = data.get("proposalId")
    if stored is None or proposal_id in (None, stored.proposalId):
        return
    others = select(BLSampleGroupHasBLSample.blSampleId).where(
        BLSampleGroupHasBLSample.blSampleGroupId == stored.blSampleGroupId,
        BLSampleGroupHasBLSample.blSampleId.not_in(SAMPLES),
    )
    if db.session.execute(others.limit(1), {"proposal": proposal_id}).first():
        raise Conflict("the group has samples of another proposal: take them out first")


@group_samples.check
def check_proposal(identity: Identity, data: dict, stored: Any) -> None:
    """Check that a sample is of the proposal of its group."""
    group = db.session.get_one(BLSampleGroup, data["blSampleGroupId"])
    check_sample_of_proposal(data["blSampleId"], group.proposalId, "group")
