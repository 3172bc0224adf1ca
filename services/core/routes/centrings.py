"""/centrings"""

from http import HTTPStatus

from services.core.modules import centrings
from services.core.schemas.centrings import CentringQuery, CentringSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("centrings", description="Centring of samples with X-rays")


@ns.route("")
class Centrings(Resource):
    @ns.require()
    @ns.takes(CentringQuery, query=True)
    @ns.returns(CentringSchema, many=True)
    def get(self, identity, query):
        """List the X-ray centrings the caller may see, each with its results."""
        return centrings.find(identity, query)

    @ns.require("mx_write", "processing_write")
    @ns.takes(CentringSchema, large=True)
    @ns.returns(CentringSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Store an X-ray centring with its results; what is wrong with one undoes all."""
        return centrings.add(identity, data)


@ns.route("/<int:centring_id>")
class Centring(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(CentringSchema)
    def get(self, identity, query, centring_id):
        """Show one X-ray centring with its results."""
        return centrings.get(identity, centring_id, **query)
