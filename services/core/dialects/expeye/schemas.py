"""The payloads of Hyperion, which uses the Exp-Eye client of mx-bluesky."""

from marshmallow import fields
from marshmallow_sqlalchemy import auto_field

from services.core.models import RobotAction
from shared.lenient import AnsweringSchema, Key, LenientSchema, column
from shared.models import DataCollection, DataCollectionGroup, GridInfo, Position


class ExpeyeRobotActionSchema(AnsweringSchema):
    free_text = ("message", "sampleBarcode")

    robotActionId = fields.Integer(dump_only=True)
    sessionId = fields.Integer(dump_only=True, attribute="sessionId")
    sampleId = column("blSampleId")
    actionType = auto_field()
    startTimestamp = auto_field()
    endTimestamp = auto_field(allow_none=True)
    status = auto_field()
    message = auto_field()
    sampleBarcode = auto_field()
    containerLocation = auto_field(metadata={"description": "of the pin"})
    dewarLocation = auto_field(metadata={"description": "of the puck"})
    xtalSnapshotBefore = auto_field()
    xtalSnapshotAfter = auto_field()

    class Meta(LenientSchema.Meta):
        model = RobotAction


class ExpeyeGroupSchema(AnsweringSchema):
    free_text = ("comments", "actualSampleBarcode")

    dataCollectionGroupId = fields.Integer(dump_only=True)
    sessionId = fields.Integer(dump_only=True)
    experimentType = auto_field(metadata={"description": "in any case"})
    sampleId = column("blSampleId")
    actualSampleBarcode = auto_field()
    comments = auto_field()
    startTime = auto_field(dump_only=True)

    class Meta(LenientSchema.Meta):
        model = DataCollectionGroup


class ExpeyeCollectionSchema(AnsweringSchema):
    free_text = ("comments", "runStatus", "synchrotronMode", "imagePrefix", "imageSuffix")

    dataCollectionId = fields.Integer(dump_only=True)
    dataCollectionGroupId = fields.Integer(dump_only=True)
    sampleId = Key(
        attribute="blSampleId",
        allow_none=True,
        metadata={"description": "the group's; it is given to a group that has none"},
    )
    detectorId = auto_field()
    detectorMode = auto_field()
    dataCollectionNumber = auto_field()
    numberOfImages = auto_field()
    startImageNumber = auto_field()
    numberOfPasses = auto_field()
    overlap = auto_field()
    omegaStart = auto_field()
    chiStart = auto_field()
    kappaStart = auto_field()
    axisStart = auto_field()
    axisEnd = auto_field()
    axisRange = auto_field()
    exposureTime = auto_field()
    wavelength = auto_field()
    resolution = auto_field()
    detectorDistance = auto_field()
    imageDirectory = auto_field()
    imagePrefix = auto_field()
    imageSuffix = auto_field()
    fileTemplate = auto_field()
    startTime = auto_field()
    endTime = auto_field()
    runStatus = auto_field()
    comments = auto_field()
    xtalSnapshotFullPath1 = auto_field()
    xtalSnapshotFullPath2 = auto_field()
    xtalSnapshotFullPath3 = auto_field()
    xtalSnapshotFullPath4 = auto_field()
    synchrotronMode = auto_field()
    undulatorGap1 = auto_field()
    slitGapHorizontal = auto_field()
    slitGapVertical = auto_field()
    beamSizeAtSampleX = auto_field()
    beamSizeAtSampleY = auto_field()
    transmission = auto_field()
    flux = auto_field()
    xBeam = auto_field()
    yBeam = auto_field()

    class Meta(LenientSchema.Meta):
        model = DataCollection

    def build_answer(self, row: dict) -> dict:
        """As in the base, with the sample, which a native document has in its group."""
        return super().build_answer(
            {**row, "blSampleId": row["DataCollectionGroup"]["blSampleId"]}
        )


class ExpeyePositionSchema(AnsweringSchema):
    positionId = fields.Integer(dump_only=True)
    dataCollectionId = fields.Integer(dump_only=True)
    posX = auto_field()
    posY = auto_field()
    posZ = auto_field()

    class Meta(LenientSchema.Meta):
        model = Position


class ExpeyeGridSchema(AnsweringSchema):
    gridInfoId = fields.Integer(dump_only=True)
    dataCollectionId = fields.Integer(dump_only=True)
    dx = column("dx_mm")
    dy = column("dy_mm")
    stepsX = column("steps_x")
    stepsY = column("steps_y")
    orientation = auto_field()
    micronsPerPixelX = auto_field()
    micronsPerPixelY = auto_field()
    snapshotOffsetXPixel = column("snapshot_offsetXPixel")
    snapshotOffsetYPixel = column("snapshot_offsetYPixel")
    snaked = auto_field()

    class Meta(LenientSchema.Meta):
        model = GridInfo
