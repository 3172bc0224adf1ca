"""/proposals"""

from marshmallow import Schema

from services.core.modules.people.proposals import proposals
from services.core.schemas.people.proposals import ProposalInfoSchema
from shared.api import Namespace, Resource

NAMED = "id or name, e.g. 7 or mx2007"
ns = Namespace("proposals", description="Proposals")
ns.resource(
    proposals,
    "list create get update replace delete",
    one="proposal",
    many="proposals",
    named=NAMED,
    write=["uportal_sync"],
)


@ns.route("/<proposal_id>/info")
@ns.param("proposal_id", NAMED)
class ProposalInfo(Resource):
    @ns.require()
    @ns.takes(Schema, query=True)
    @ns.returns(ProposalInfoSchema)
    def get(self, identity, query, proposal_id):
        """Show one proposal with its leader, its members and its sessions."""
        return proposals.get_info(identity, proposal_id)
