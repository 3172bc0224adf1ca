"""Reports of MXCuBE beside data collections: images, robot actions, energy scans, spectra."""

from http import HTTPStatus

from services.core.dialects.mxcube.collection_schemas import (
    MxcubeImageSchema,
    NewIdSchema,
    StoredImageSchema,
)
from services.core.dialects.mxcube.event_schemas import (
    MxcubeEnergyScanSchema,
    MxcubeRobotActionSchema,
    MxcubeSpectrumSchema,
    ScannedSampleSchema,
)
from services.core.modules.acquisition.images import images
from services.core.modules.beamline.energy_scans import energy_scans
from services.core.modules.beamline.robot_actions import robot_actions
from services.core.modules.beamline.xrf_spectra import xrf_spectra
from shared.api import Namespace, Resource
from shared.lenient import get_values, with_warnings

event_ns = Namespace("events", description="Events at a beamline")
image_ns = Namespace("images", description="Images of data collections")
NAMESPACES = [event_ns, image_ns]


@event_ns.route("/robot-action")
class RobotActions(Resource):
    @event_ns.may_answer(404)
    @event_ns.require(service="mx_write")
    @event_ns.takes(MxcubeRobotActionSchema)
    @event_ns.returns(NewIdSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Store an action of the robot; without a start it begins at its end, or now.

        Every caller who sees the session may do this.
        """
        action = get_values(data)
        if "endTimestamp" in action:
            action = {"startTimestamp": action["endTimestamp"], **action}
        row = robot_actions.insert(identity, action)
        return with_warnings({"results": row.robotActionId}, data)


@event_ns.route("/energyscan")
class EnergyScans(Resource):
    @event_ns.may_answer(404)
    @event_ns.require(service="mx_write")
    @event_ns.takes(MxcubeEnergyScanSchema)
    @event_ns.returns(NewIdSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Store an energy scan.

        Every caller who sees the session may do this.
        """
        row = energy_scans.insert(identity, get_values(data))
        return with_warnings({"results": row.energyScanId}, data)


@event_ns.route("/energyscan/associate-bl-sample")
class EnergyScanSample(Resource):
    @event_ns.may_answer(404)
    @event_ns.require(service="mx_write")
    @event_ns.takes(ScannedSampleSchema)
    @event_ns.returns(ScannedSampleSchema)
    def patch(self, identity, data):
        """Say which sample an energy scan was of.

        Every caller who sees the session may do this.
        """
        keys = get_values(data)
        scan = energy_scans.lock(identity, keys["energyScanId"])
        energy_scans.edit(identity, scan, {"blSampleId": keys["blSampleId"]})
        return with_warnings(keys, data)


@event_ns.route("/xfe-fluorescence-spectrum")
class Spectra(Resource):
    @event_ns.may_answer(404)
    @event_ns.require(service="mx_write")
    @event_ns.takes(MxcubeSpectrumSchema)
    @event_ns.returns(NewIdSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Store a fluorescence spectrum.

        Every caller who sees the session may do this.
        """
        row = xrf_spectra.insert(identity, get_values(data))
        return with_warnings({"results": row.xfeFluorescenceSpectrumId}, data)


@image_ns.route("/image")
class Images(Resource):
    @image_ns.may_answer(404)
    @image_ns.require(service="mx_write")
    @image_ns.takes(MxcubeImageSchema)
    @image_ns.returns(StoredImageSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Store an image, or change the one of its number: then 200.

        Every caller who sees the session may do this.
        """
        image = get_values(data)
        row, new = images.put(identity, image.pop("dataCollectionId"), image)
        answer = with_warnings({"imageId": row.imageId}, data)
        return answer, HTTPStatus.CREATED if new else HTTPStatus.OK
