"""The payloads of MXCuBE's samples, robot actions, energy scans and spectra."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field

from services.core.models import EnergyScan, RobotAction, XFEFluorescenceSpectrum
from shared.lenient import (
    REPEATED,
    AnsweringSchema,
    Key,
    LenientSchema,
    column,
)
from shared.models import BLSample, Container
from shared.schemas import text_of

SCAN_EXTRAS = {
    **dict.fromkeys(("directory", "prefix", "run_number"), "the paths of the files"),
    **dict.fromkeys(("edge", "elementEnergy"), "`element` and `edgeEnergy`"),
    **dict.fromkeys(("egyROI", "minROI", "maxROI"), "the files of the scan"),
    **dict.fromkeys(("dataPoints", "fluorescenceMin", "fluorescenceMax"), "the files of the scan"),
    **dict.fromkeys(("crystal", "sample_reference"), "the sample"),
    "remoteEnergy": "nowhere",
}  # and where else it can be read


class MxcubeRobotActionSchema(LenientSchema):
    free_text = ("message", "sampleBarcode")

    sessionId = column("sessionId", required=True)
    blSampleId = column("blSampleId")
    actionType = auto_field()
    containerLocation = auto_field()
    dewarLocation = auto_field()
    sampleBarcode = auto_field()
    message = auto_field()
    startTimestamp = auto_field(allow_none=True)
    endTimestamp = auto_field(allow_none=True)
    status = auto_field()
    xtalSnapshotBefore = auto_field()
    xtalSnapshotAfter = auto_field()

    class Meta(LenientSchema.Meta):
        model = RobotAction


class MxcubeEnergyScanSchema(LenientSchema):
    free_text = ("workingDirectory", "comments", "element", "edgeEnergy")
    ignored = SCAN_EXTRAS

    sessionId = auto_field(required=True)
    blSampleId = auto_field()
    element = auto_field()
    edgeEnergy = auto_field()
    startEnergy = auto_field()
    endEnergy = auto_field()
    startTime = auto_field()
    endTime = auto_field()
    transmissionFactor = auto_field()
    exposureTime = auto_field()
    fluorescenceDetector = auto_field()
    filename = auto_field()
    scanFileFullPath = auto_field()
    choochFileFullPath = auto_field()
    jpegChoochFileFullPath = auto_field()
    workingDirectory = auto_field()
    peakEnergy = auto_field()
    peakFPrime = auto_field()
    peakFDoublePrime = auto_field()
    inflectionEnergy = auto_field()
    inflectionFPrime = auto_field()
    inflectionFDoublePrime = auto_field()
    beamSizeHorizontal = auto_field()
    beamSizeVertical = auto_field()
    flux = auto_field()
    comments = auto_field()

    class Meta(LenientSchema.Meta):
        model = EnergyScan


class MxcubeSpectrumSchema(LenientSchema):
    free_text = ("comments",)
    ignored = SCAN_EXTRAS

    sessionId = auto_field(required=True)
    blSampleId = auto_field()
    startTime = auto_field()
    endTime = auto_field()
    energy = auto_field()
    exposureTime = auto_field()
    beamTransmission = auto_field()
    filename = auto_field()
    scanFileFullPath = auto_field()
    jpegScanFileFullPath = auto_field()
    annotatedPymcaXfeSpectrum = auto_field()
    fittedDataFileFullPath = auto_field()
    workingDirectory = auto_field()
    beamSizeHorizontal = auto_field()
    beamSizeVertical = auto_field()
    flux = auto_field()
    comments = auto_field()

    class Meta(LenientSchema.Meta):
        model = XFEFluorescenceSpectrum


class ScannedSampleSchema(LenientSchema):
    energyScanId = Key(required=True)
    blSampleId = Key(required=True)

    class Meta(LenientSchema.Meta):
        pass


class MxcubeSampleQuery(Schema):
    """The samples of a proposal that are ready on a beamline."""

    proposal = fields.String(metadata={"description": "code and number, in any case: MX123"})
    beamLineName = text_of(Container.beamlineLocation)


class SampleContainerSchema(Schema):
    code = fields.String(allow_none=True)
    sampleChangerLocation = fields.String(allow_none=True)


class SampleProteinSchema(Schema):
    acronym = fields.String(allow_none=True)


class SampleCrystalSchema(Schema):
    crystalId = fields.Integer(allow_none=True)
    space_group = fields.String(allow_none=True)
    cell_a = fields.Float(allow_none=True)
    cell_b = fields.Float(allow_none=True)
    cell_c = fields.Float(allow_none=True)
    cell_alpha = fields.Float(allow_none=True)
    cell_beta = fields.Float(allow_none=True)
    cell_gamma = fields.Float(allow_none=True)
    Protein = fields.Nested(SampleProteinSchema, required=True)


class SamplePlanSchema(Schema):
    diffractionPlanId = fields.Integer(allow_none=True)


class ReadySampleSchema(Schema):
    """A sample with all keys that the client reads, also those without a value."""

    blSampleId = fields.Integer()
    code = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    location = fields.String(allow_none=True)
    Container = fields.Nested(SampleContainerSchema, required=True)
    Crystal = fields.Nested(SampleCrystalSchema, required=True)
    DiffractionPlan = fields.Nested(SamplePlanSchema, required=True)


class MxcubeSampleSchema(AnsweringSchema):
    """The columns of a sample that change at the beamline: its crystal and container do not."""

    free_text = (
        *("blSampleStatus", "comments", "lastKnownCentringPosition", "publicationComments"),
        "staffComments",
    )
    ignored = {"blSampleId": REPEATED}

    blSampleStatus = auto_field()
    lastKnownCentringPosition = column("lastKnownCenteringPosition")
    isInSampleChanger = auto_field()
    code = auto_field()
    comments = auto_field()
    holderLength = auto_field()
    loopLength = auto_field()
    loopType = auto_field()
    wireWidth = auto_field()
    completionStage = auto_field()
    structureStage = auto_field()
    publicationStage = auto_field()
    publicationComments = auto_field()
    staffComments = auto_field()
    location = auto_field()
    SMILES = auto_field()
    lastImageURL = auto_field()
    blSampleId = fields.Integer(dump_only=True)
    name = fields.String(dump_only=True)
    containerId = fields.Integer(dump_only=True, allow_none=True)

    class Meta(LenientSchema.Meta):
        model = BLSample
