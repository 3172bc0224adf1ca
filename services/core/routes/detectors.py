"""/beamline/detectors"""

from http import HTTPStatus

from services.core.modules import detectors
from services.core.schemas.detectors import DetectorSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("detectors", path="/beamline/detectors", description="Detectors")
WRITERS = ("mx_write", "ssx_write", "em_write")


@ns.route("")
class Detectors(Resource):
    @ns.require()
    @ns.takes(query_of(DetectorSchema), query=True)
    @ns.returns(DetectorSchema, many=True)
    def get(self, identity, query):
        """List detectors."""
        return detectors.find(identity, query)

    @ns.require(*WRITERS)
    @ns.takes(DetectorSchema)
    @ns.returns(DetectorSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a detector."""
        return detectors.add(identity, data)


@ns.route("/<int:detector_id>")
class Detector(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(DetectorSchema)
    def get(self, identity, query, detector_id):
        """Show one detector."""
        return detectors.get(identity, detector_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(DetectorSchema(partial=True))
    @ns.returns(DetectorSchema)
    def patch(self, identity, data, detector_id):
        """Change some fields of a detector: absent keeps, null clears."""
        return detectors.change(identity, detector_id, data)
