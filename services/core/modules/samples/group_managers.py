"""The callers who may change a group of samples that is shared with named persons only."""

from sqlalchemy import select

from shared.db import db
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import BLSampleGroup, Proposal
from shared.service_tables import SampleGroupPerson


def check_manager(identity: Identity, group: BLSampleGroup, if_shared: bool = False) -> None:
    """Raise Forbidden unless the caller owns the group, leads its proposal, or is the user office.

    With ``if_shared``, everybody who sees a group that is not shared may change it.
    """
    if if_shared and not _is_shared(group.blSampleGroupId):
        return
    proposal = db.session.get(Proposal, group.proposalId) if group.proposalId else None
    leader = proposal.personId if proposal else None
    if (
        identity.can("uportal_sync")
        or identity.personId
        and identity.personId
        in (
            group.ownerId,
            leader,
        )
    ):
        return
    raise Forbidden("needs the owner of the group, the leader of its proposal or uportal_sync")


def _is_shared(key: int) -> bool:
    share = select(SampleGroupPerson.personId).filter_by(blSampleGroupId=key).limit(1)
    return db.session.scalar(share) is not None
