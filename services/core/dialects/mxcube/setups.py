"""Reports of the setup of a beamline by MXCuBE, and its question for a detector."""

from http import HTTPStatus
from urllib.parse import unquote, unquote_plus

from flask import request

from services.core.dialects.mxcube import setup_reports
from services.core.dialects.mxcube.collection_schemas import NewIdSchema
from services.core.dialects.mxcube.setup_schemas import MxcubeDetectorQuery, MxcubeSetupSchema
from services.core.schemas.beamline.detectors import DetectorSchema
from shared.api import Namespace, Resource
from shared.errors import NotFound
from shared.lenient import with_warnings

setup_ns = Namespace("beamline-setups", description="Setups of beamlines")
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
    @setup_ns.require(service="mx_write")
    @setup_ns.takes(MxcubeSetupSchema)
    @setup_ns.returns(NewIdSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Store the setup of a beamline; 200 if the setup before has the same values.

        Every caller who has a session at the beamline now may do this.
        """
        key, new = setup_reports.put(identity, data)
        return with_warnings({"results": key}, data), HTTPStatus.CREATED if new else HTTPStatus.OK


@detector_ns.route("")
class Detectors(Resource):
    @detector_ns.may_answer(404)
    @detector_ns.require()
    @detector_ns.takes(MxcubeDetectorQuery, query=True)
    @detector_ns.returns(DetectorSchema)
    def get(self, identity, query):
        """Show the one detector of these names, the oldest if there are several."""
        for texts in _list_readings(request.query_string.decode(), query):
            names = {NAMES[name]: "" if text == "None" else text for name, text in texts.items()}
            if detector := setup_reports.get_detector(identity, names):
                return detector
        raise NotFound("Detector not found")


def _list_readings(text: str, query: dict) -> list[dict]:
    """The names in the query ``text``, with a + as such and as a blank.

    The client does not quote the values: an & or + in a name is part of it. They are those of the
    parsed ``query`` if the names are in another order than the client's.
    """
    values = {}
    rest = f"&{text}"
    for name in reversed(NAMES):
        rest, separator, values[name] = rest.rpartition(f"&{name}=")
        if not separator:
            return [query]
    if rest:
        return [query]
    return [{n: read(value) for n, value in values.items()} for read in (unquote, unquote_plus)]
