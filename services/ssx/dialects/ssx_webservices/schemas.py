"""The payloads of py-ISPyB's web services for serial experiments."""

import re
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate, validates_schema
from marshmallow_sqlalchemy import auto_field

from services.ssx.dialects.run_bodies import SerialEventSchema, SerialType
from services.ssx.models import Component, EventChain, SampleComposition, SSXDataCollection
from shared import names
from shared.lenient import LenientSchema, column, get_values
from shared.models import (
    AutoProcProgram,
    BLSample,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Protein,
)

MANY = validate.Length(max=1000)
LONGEST_NAME = 45  # of a sample, and of an acronym
NOT_IN_SAMPLES = re.compile(r"[^a-zA-Z0-9:+_-]")
NOT_IN_ACRONYMS = re.compile(r"[^A-Za-z0-9_-]")
ALIASES = {  # of MXCuBE
    "detector_id": "detectorId",
    "average_temperature": "averageTemperature",
    "underlator_gap1": "undulatorGap1",
}
SERIAL = (
    *("repetitionRate", "energyBandwidth", "monoStripe", "experimentName", "jetSize", "jetSpeed"),
    *("laserEnergy", "reactionDuration", "chipModel", "chipPattern"),
)
PATH = r"^/([ -~\xa0-\xff]*/)?[ -.0-~\xa0-\xff]+$(?!\n)"  # of a file, in latin1


class SsxWebservicesComponentSchema(LenientSchema):
    """A component of a sample or a crystal, and its amount."""

    free_text = ("composition",)

    name = auto_field(required=True, allow_none=False, validate=validate.Length(1, 255))
    componentType = fields.String(
        required=True, metadata={"description": "its kind", "example": "Ligand"}
    )
    composition = auto_field()
    abundance = column("abundance", model=SampleComposition)

    class Meta(LenientSchema.Meta):
        model = Component

    def translate(self, data: dict) -> dict:
        """The composition, with its component."""
        component = get_values(data)
        amount = {"abundance": component.pop("abundance")} if "abundance" in component else {}
        return {**amount, "component": {**component, "type": {"name": data["componentType"]}}}


class SsxWebservicesProteinSchema(LenientSchema):
    """A protein: that of the proposal with this acronym, or a new one."""

    free_text = ("name",)

    name = auto_field()
    acronym = auto_field(
        validate=[
            validate.Length(max=LONGEST_NAME),
            validate.Regexp(f"^({names.ACRONYM})?$", error=names.ACRONYM_RULE),
        ],
        metadata={"description": "without one it is made of the name"},
    )

    class Meta(LenientSchema.Meta):
        model = Protein

    @validates_schema
    def _check_name(self, data, **kwargs):
        if not get_values(data):
            raise ValidationError("Is needed.", "acronym")

    def translate(self, data: dict) -> dict:
        """The protein, with an acronym."""
        protein = get_values(data)
        if "acronym" not in protein:
            protein["acronym"] = NOT_IN_ACRONYMS.sub("_", protein["name"])[:LONGEST_NAME]
        return protein


class SsxWebservicesCrystalSchema(LenientSchema):
    """The crystals in a sample."""

    size_X = auto_field()
    size_Y = auto_field()
    size_Z = auto_field()
    abundance = auto_field()
    protein = fields.Nested(SsxWebservicesProteinSchema, required=True)
    components = fields.Nested(
        SsxWebservicesComponentSchema, many=True, required=True, validate=MANY
    )

    class Meta(LenientSchema.Meta):
        model = Crystal

    def translate(self, data: dict) -> dict:
        """The crystal, with its protein and compositions."""
        crystal = get_values(data)
        return {**crystal, "compositions": crystal.pop("components")}


class SsxWebservicesSampleSchema(LenientSchema):
    """A sample: the stored one with its name and protein if that is equal, or a new one."""

    free_text = ("name", "support")

    name = auto_field(metadata={"description": "without one it is the acronym of the protein"})
    support = auto_field()
    crystal = fields.Nested(SsxWebservicesCrystalSchema, required=True)
    components = fields.Nested(
        SsxWebservicesComponentSchema, many=True, required=True, validate=MANY
    )

    class Meta(LenientSchema.Meta):
        model = BLSample

    def translate(self, data: dict) -> dict:
        """The sample, with its crystal and compositions."""
        sample = get_values(data)
        name = sample.get("name") or sample["crystal"]["protein"]["acronym"]
        compositions = sample.pop("components")
        return {
            **sample,
            "name": NOT_IN_SAMPLES.sub("_", name),
            "compositions": compositions,
        }


class SsxWebservicesGroupSchema(LenientSchema):
    """A new group of runs, with its sample."""

    free_text = ("comments",)

    sessionId = auto_field(required=True, allow_none=False)
    startTime = auto_field(required=True, allow_none=False)
    endTime = auto_field()
    experimentType = SerialType(
        allow_none=True, metadata={"description": "kind of experiment, in any case"}
    )
    comments = auto_field()
    sampleId = column("blSampleId")
    sample = fields.Nested(
        SsxWebservicesSampleSchema,
        allow_none=True,
        metadata={"description": "a new sample; either this or sampleId"},
    )

    class Meta(LenientSchema.Meta):
        model = DataCollectionGroup

    @validates_schema
    def _check_sample(self, data, **kwargs):
        if (data.get("blSampleId") is None) == (data.get("sample") is None):
            raise ValidationError("Either sampleId or sample is needed, not both.", "sampleId")

    def translate(self, data: dict) -> dict:
        """The group, with its sample."""
        return {"experimentType": None, **get_values(data)}


class SsxWebservicesEventSchema(SerialEventSchema):
    """An event, once or repeated."""

    type = fields.String(
        attribute="kind",
        required=True,
        metadata={"description": "its kind", "example": "XrayDetection"},
    )


class SsxWebservicesEventChainSchema(LenientSchema):
    """Events that belong together."""

    free_text = ("name",)

    name = auto_field()
    events = fields.Nested(SsxWebservicesEventSchema, many=True, required=True, validate=MANY)

    class Meta(LenientSchema.Meta):
        model = EventChain


class SsxWebservicesCollectionSchema(LenientSchema):
    """A run in a group: data collection, serial parameters and event chains."""

    free_text = (
        *("imagePrefix", "beamShape", "monoStripe", "experimentName", "chipModel"),
        "chipPattern",
    )

    dataCollectionGroupId = auto_field(required=True, allow_none=False)
    startTime = auto_field(required=True, allow_none=False)
    endTime = auto_field()
    exposureTime = auto_field()
    transmission = auto_field()
    flux = auto_field()
    flux_end = auto_field()
    xBeam = auto_field()
    yBeam = auto_field()
    wavelength = auto_field()
    detectorDistance = auto_field()
    beamSizeAtSampleX = auto_field()
    beamSizeAtSampleY = auto_field()
    averageTemperature = auto_field()
    xtalSnapshotFullPath1 = auto_field()
    xtalSnapshotFullPath2 = auto_field()
    xtalSnapshotFullPath3 = auto_field()
    xtalSnapshotFullPath4 = auto_field()
    imagePrefix = auto_field()
    numberOfPasses = auto_field()
    numberOfImages = auto_field()
    resolution = auto_field()
    resolutionAtCorner = auto_field()
    detectorId = auto_field()
    beamShape = auto_field()
    polarisation = auto_field()
    undulatorGap1 = auto_field()
    repetitionRate = column("repetitionRate", model=SSXDataCollection)
    energyBandwidth = column("energyBandwidth", model=SSXDataCollection)
    monoStripe = column("monoStripe", model=SSXDataCollection)
    experimentName = column("experimentName", model=SSXDataCollection)
    jetSize = column("jetSize", model=SSXDataCollection)
    jetSpeed = column("jetSpeed", model=SSXDataCollection)
    laserEnergy = column("laserEnergy", model=SSXDataCollection)
    reactionDuration = column("reactionDuration", model=SSXDataCollection)
    chipModel = column("chipModel", model=SSXDataCollection)
    chipPattern = column("chipPattern", model=SSXDataCollection)
    event_chains = fields.Nested(
        SsxWebservicesEventChainSchema, many=True, required=True, validate=MANY
    )

    class Meta(LenientSchema.Meta):
        model = DataCollection

    @pre_load
    def _use_names(self, data, **kwargs):
        """Give the values of aliases to the names of the schema, unless these are sent too."""
        if not isinstance(data, dict):
            return data
        return {name: data[alias] for alias, name in ALIASES.items() if alias in data} | data

    def translate(self, data: dict) -> dict:
        """The document of the run."""
        values = get_values(data)
        chains = values.pop("event_chains")
        serial = {name: values.pop(name) for name in SERIAL if name in values}
        return {**serial, "collection": values, "chains": chains}


class SsxWebservicesProcessingSchema(LenientSchema):
    """A program that ended with success, and the files that it wrote."""

    free_text = (
        *("processingCommandLine", "processingPrograms", "processingMessage"),
        "processingEnvironment",
    )

    processingCommandLine = auto_field()
    processingPrograms = auto_field()
    processingMessage = auto_field()
    processingEnvironment = auto_field()
    processingStartTime = auto_field()
    processingEndTime = auto_field()
    results: Any = fields.List(
        fields.String(
            validate=[
                validate.Length(2, 511),
                validate.Regexp(PATH, error="Must be the absolute path of a file, in latin1."),
            ]
        ),
        required=True,
        validate=MANY,
        metadata={"description": "absolute paths of the files", "example": ["/data/stats.json"]},
    )

    class Meta(LenientSchema.Meta):
        model = AutoProcProgram
