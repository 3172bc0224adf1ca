"""/ssx/runs/{id}/hit_rate and /ssx/runs/{id}/hit_map"""

from services.ssx.modules import hits, pictures
from services.ssx.schemas.hits import HitMapQuery, HitMapSchema, HitRateQuery, HitRateSchema
from shared.api import Namespace, Resource
from shared.operations import choose_picture, make_picture
from shared.plots import PICTURES

ns = Namespace("ssx hits", path="/ssx/runs", description="Hits over time and over the chip")


@ns.route("/<int:run_id>/hit_rate")
class HitRate(Resource):
    @ns.require(link=True)
    @ns.takes(HitRateQuery, query=True)
    @ns.returns(HitRateSchema, also_as=PICTURES)
    def get(self, identity, query, run_id):
        """Show the hit rate and index rate of a run over time; as a picture by Accept."""
        rates = hits.get_rate(identity, run_id, query["points"])
        if (kind := choose_picture(PICTURES)) is None:
            return rates
        return make_picture(
            pictures.draw_rate(rates, hits.get_title(identity, run_id), kind), kind
        )


@ns.route("/<int:run_id>/hit_map")
class HitMap(Resource):
    @ns.require(link=True)
    @ns.takes(HitMapQuery, query=True)
    @ns.returns(HitMapSchema, also_as=PICTURES)
    def get(self, identity, query, run_id):
        """Show the hits of a run over its chip; as a picture by Accept."""
        places = hits.get_map(identity, run_id, query)
        if (kind := choose_picture(PICTURES)) is None:
            return places
        return make_picture(
            pictures.draw_map(places, hits.get_title(identity, run_id), kind), kind
        )
