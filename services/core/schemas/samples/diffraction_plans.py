"""The payloads of diffraction plans."""

from sqlalchemy import and_, bindparam, or_, select, union

from services.core.schemas.samples import container_owners
from shared.filters import by_proposal
from shared.models import BLSample, Crystal, DiffractionPlan, Protein
from shared.schemas import TableSchema

CRYSTALS = (  # of a proposal, and its samples: by their crystal, without one by their container
    select(Crystal.crystalId).join(Protein).where(Protein.proposalId == bindparam("proposal"))
)
SAMPLES = select(
    union(
        select(BLSample.blSampleId).where(BLSample.crystalId.in_(CRYSTALS)),
        select(BLSample.blSampleId).where(
            BLSample.crystalId.is_(None), BLSample.containerId.in_(container_owners.OF_PROPOSAL)
        ),
    ).subquery()
)
USED = union(
    select(Crystal.diffractionPlanId).where(Crystal.crystalId.in_(CRYSTALS)),
    select(BLSample.diffractionPlanId).where(BLSample.blSampleId.in_(SAMPLES)),
).subquery()


class DiffractionPlanSchema(TableSchema):
    """A plan of the measurement of a sample."""

    class Meta(TableSchema.Meta):
        model = DiffractionPlan
        dump_only = ("diffractionPlanId", "recordTimeStamp")
        search = ("name", "comments")
        sort = ("-diffractionPlanId",)
        filters = {
            "proposal": by_proposal(
                or_(
                    DiffractionPlan.presetForProposalId == bindparam("proposal"),
                    and_(
                        DiffractionPlan.presetForProposalId.is_(None),
                        DiffractionPlan.diffractionPlanId.in_(select(USED)),
                    ),
                ),
                "proposal id or name, of the plan or of what it is for",
                follows_rule=True,
            ),
        }
