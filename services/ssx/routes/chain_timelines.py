"""/ssx/event_chains/{id}/timeline and /ssx/runs/{id}/timeline"""

from flask import Response

from services.ssx.modules import chain_drawings, chain_timelines
from services.ssx.schemas.chain_timelines import ChainTimelineSchema, RunTimelineSchema
from shared.api import Namespace, Resource
from shared.operations import choose_picture, make_picture
from shared.plots import SVG

ns = Namespace("ssx timelines", path="/ssx", description="When events of a run take place")


@ns.route("/event_chains/<int:event_chain_id>/timeline")
class ChainTimeline(Resource):
    @ns.require(link=True)
    @ns.returns(ChainTimelineSchema, also_as=SVG)
    def get(self, identity, event_chain_id):
        """Show when the events of a chain take place; with Accept: image/svg+xml draw it."""
        timeline = chain_timelines.get(identity, event_chain_id)
        return _draw([timeline], 1) if choose_picture([SVG]) else timeline


@ns.route("/runs/<int:run_id>/timeline")
class RunTimeline(Resource):
    @ns.require(link=True)
    @ns.returns(RunTimelineSchema, also_as=SVG)
    def get(self, identity, run_id):
        """Show the time lines of all event chains of a run; with Accept: image/svg+xml draw them.

        It has the first 50 chains; a picture has the first 12, and 40 events of each.
        """
        if choose_picture([SVG]):
            timelines = chain_timelines.get_of_run(identity, run_id, chain_drawings.MOST_CHAINS)
            return _draw(timelines["EventChain"], timelines["total"])
        return chain_timelines.get_of_run(identity, run_id)


def _draw(chains: list[dict], total: int) -> Response:
    return make_picture(chain_drawings.draw(chains, total).encode(), SVG)
