"""/screenings"""

from http import HTTPStatus

from services.core.modules import screenings
from services.core.schemas.screenings import ScreeningQuery, ScreeningSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("screenings", description="Characterisations of samples")


@ns.route("")
class Screenings(Resource):
    @ns.require()
    @ns.takes(ScreeningQuery, query=True)
    @ns.returns(ScreeningSchema, many=True)
    def get(self, identity, query):
        """List the screenings the caller may see, each with all below it."""
        return screenings.find(identity, query)

    @ns.require("mx_write", "processing_write")
    @ns.takes(ScreeningSchema, large=True)
    @ns.returns(ScreeningSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Store a screening with all below it; what is wrong with a part undoes all."""
        return screenings.add(identity, data)


@ns.route("/<int:screening_id>")
class Screening(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(ScreeningSchema)
    def get(self, identity, query, screening_id):
        """Show one screening with all below it."""
        return screenings.get(identity, screening_id, **query)
