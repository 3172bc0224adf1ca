"""/energy_scans"""

from http import HTTPStatus

from services.core.modules import energy_scans
from services.core.schemas.energy_scans import EnergyScanQuery, EnergyScanSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("energy_scans", path="/energy_scans", description="Energy scans")
WRITERS = ("mx_write", "ssx_write")


@ns.route("")
class EnergyScans(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(EnergyScanQuery, query=True)
    @ns.returns(EnergyScanSchema, many=True)
    def get(self, identity, query):
        """List the energy scans in the sessions the caller may see."""
        return energy_scans.find(identity, query)

    @ns.may_answer(404)
    @ns.require(*WRITERS)
    @ns.takes(EnergyScanSchema)
    @ns.returns(EnergyScanSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Record an energy scan in a visible session."""
        return energy_scans.add(identity, data)


@ns.route("/<int:energy_scan_id>")
class EnergyScan(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(EnergyScanSchema)
    def get(self, identity, query, energy_scan_id):
        """Show one energy scan."""
        return energy_scans.get(identity, energy_scan_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(EnergyScanSchema(partial=True))
    @ns.returns(EnergyScanSchema)
    def patch(self, identity, data, energy_scan_id):
        """Change some fields of an energy scan: absent keeps, null clears."""
        return energy_scans.change(identity, energy_scan_id, data)
