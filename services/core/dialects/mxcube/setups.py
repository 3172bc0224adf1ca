"""What MXCuBE says and asks of a beamline: its setup, its detector."""

from http import HTTPStatus

from services.core.dialects.mxcube.collections import warned
from services.core.modules import configurations, detectors
from services.core.schemas.detectors import DetectorSchema
from services.core.schemas.mxcube_collections import NewIdSchema
from services.core.schemas.mxcube_setups import MxcubeDetectorQuery, MxcubeSetupSchema
from shared.api import Namespace, Resource
from shared.errors import NotFound

setup_ns = Namespace("beamline-setups", description="What a beamline is set up with")
detector_ns = Namespace("detectors", description="Detectors")
NAMESPACES = [setup_ns, detector_ns]

NAMES = {
    "manufacturer": "detectorManufacturer",
    "model": "detectorModel",
    "mode": "detectorMode",
    "type": "detectorType",
}


@setup_ns.route("/beamline-setup")
class Setups(Resource):
    @setup_ns.may_answer(404)
    @setup_ns.require()
    @setup_ns.takes(MxcubeSetupSchema)
    @setup_ns.returns(NewIdSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Store what a beamline is set up with; if that is known and the same: 200.

        Whoever is at a beamline may do so; a program needs mx_write and its own beamlines.
        """
        key, new = configurations.configure(identity, data)
        return warned({"results": key}, data), HTTPStatus.CREATED if new else HTTPStatus.OK


@detector_ns.route("")
class Detectors(Resource):
    @detector_ns.may_answer(404)
    @detector_ns.require()
    @detector_ns.takes(MxcubeDetectorQuery, query=True)
    @detector_ns.returns(DetectorSchema)
    def get(self, identity, query):
        """Show the one detector of these names, the oldest if there are several."""
        names = {NAMES[name]: "" if text == "None" else text for name, text in query.items()}
        key = configurations.detector(names)
        if key is None:
            raise NotFound("Detector not found")
        return detectors.get(identity, key)
