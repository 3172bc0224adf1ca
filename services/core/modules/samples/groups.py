"""Groups of samples of a proposal."""

from typing import Any

from sqlalchemy import delete, select

from services.core.modules.samples.group_managers import check_manager
from services.core.modules.samples.samples import check_sample_of_proposal
from services.core.schemas.samples.diffraction_plans import SAMPLES
from services.core.schemas.samples.groups import SampleGroupMemberSchema, SampleGroupSchema
from shared import revocations
from shared.db import db
from shared.errors import Conflict
from shared.identity import Identity
from shared.link_service import LinkService
from shared.models import BLSampleGroup, BLSampleGroupHasBLSample
from shared.service_tables import SampleGroupPerson
from shared.table_service import TableService


class SampleGroups(TableService):
    """The groups of samples."""

    def insert(self, identity: Identity, data: dict) -> BLSampleGroup:
        """Create a group of a visible proposal; its owner is the caller."""
        return super().insert(identity, {**data, "ownerId": identity.personId})

    def delete(self, identity: Identity, key: int) -> dict:
        """Delete a group, which is shared with nobody any more; its samples stay."""
        check_manager(identity, self.lock(identity, key), if_shared=True)
        db.session.execute(delete(SampleGroupPerson).filter_by(blSampleGroupId=key))
        revocations.announce()
        return super().delete(identity, key)


class GroupSamples(LinkService):
    """The samples of a group; if it is shared, its managers change them."""

    def _key(self, identity: Identity, parent_key: int, other_key: int) -> dict[str, Any]:
        check_manager(identity, self.parent.lock(identity, parent_key), if_shared=True)
        return super()._key(identity, parent_key, other_key)


groups = SampleGroups(SampleGroupSchema, along=("BLSampleGroup_has_BLSample",))
group_samples = GroupSamples(groups, "blSampleGroupId", "blSampleId", SampleGroupMemberSchema)


@groups.check
def check_samples(identity: Identity, data: dict, stored: BLSampleGroup | None) -> None:
    """Check that the caller may change a group, and that its samples are of its new proposal."""
    if stored is not None:
        check_manager(identity, stored, if_shared=True)
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
