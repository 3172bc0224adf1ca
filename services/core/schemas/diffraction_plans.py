"""What a diffraction plan looks like on the wire."""

from marshmallow import fields
from sqlalchemy import bindparam, or_, select

from shared.lists import query_of
from shared.models import BLSample, Crystal, DiffractionPlan, Protein
from shared.schemas import TableSchema

OF_PROPOSAL = (
    select(Crystal.crystalId).join(Protein).where(Protein.proposalId == bindparam("proposal"))
)


class DiffractionPlanSchema(TableSchema):
    """How a sample is to be measured."""

    class Meta(TableSchema.Meta):
        model = DiffractionPlan
        dump_only = ("diffractionPlanId", "recordTimeStamp")
        search = ("name", "comments")
        sort = ("-diffractionPlanId",)
        conditions = {
            "proposal": or_(
                DiffractionPlan.presetForProposalId == bindparam("proposal"),
                DiffractionPlan.diffractionPlanId.in_(
                    select(Crystal.diffractionPlanId).where(Crystal.crystalId.in_(OF_PROPOSAL))
                ),
                DiffractionPlan.diffractionPlanId.in_(
                    select(BLSample.diffractionPlanId).where(BLSample.crystalId.in_(OF_PROPOSAL))
                ),
            )
        }


class DiffractionPlanQuery(query_of(DiffractionPlanSchema)):
    """The filters of the list."""

    proposal = fields.String(
        metadata={"description": "proposal id or name, of the plan or of a crystal it is for"}
    )
