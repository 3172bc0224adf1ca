"""The payloads of runs: serial experiments as one document."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates
from marshmallow_sqlalchemy import auto_field

from services.ssx.models import (
    Component,
    CrystalComposition,
    SampleComposition,
    SSXDataCollection,
)
from services.ssx.schemas.components import (
    ComponentTypeSchema,
    ConcentrationTypeSchema,
    PartSchema,
)
from services.ssx.schemas.data_collections import (
    CollectionGroupSchema,
    CollectionSchema,
    SSXDataCollectionSchema,
)
from services.ssx.schemas.event_chains import EventChainSchema
from shared import names
from shared.filters import by_parent
from shared.models import (
    BLSample,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Protein,
)
from shared.records import RecordSchema
from shared.sample_names import NamedSampleSchema
from shared.schemas import AS_WRITTEN, TableSchema

SERIAL_TYPES = ("SSX-Chip", "SSX-Jet", "Serial Fixed", "Serial Jet")
PARTS, CHAINS = validate.Length(max=50), validate.Length(max=100)
COLLECTION_EXAMPLE = {
    "startTime": "2026-05-01T10:00:00",
    "numberOfImages": 25600,
    "DataCollectionGroup": {"session": "mx23001-1", "experimentType": "SSX-Chip"},
}
AMOUNT = ("concentrationTypeId", "abundance", "ratio", "pH", "ConcentrationType")


class PartTypeSchema(ComponentTypeSchema):
    """The kind of a component, by its name."""

    class Meta(ComponentTypeSchema.Meta):
        dump_only = ("componentTypeId",)


class RunComponentSchema(PartSchema):
    """A component by its kind, name and composition in the proposal; it is made if it is new."""

    name = auto_field(validate=validate.Length(1, 255))
    ComponentType = fields.Nested(PartTypeSchema, attribute="type", required=True)

    class Meta(PartSchema.Meta):
        model = Component
        dump_only = ("componentId", "componentTypeId")


class RunSampleCompositionSchema(TableSchema):
    """A component of a sample, and its amount."""

    Component = fields.Nested(RunComponentSchema, attribute="component", required=True)
    ConcentrationType = fields.Nested(ConcentrationTypeSchema, attribute="unit", dump_only=True)

    class Meta(TableSchema.Meta):
        model = SampleComposition
        fields = ("sampleCompositionId", "Component", *AMOUNT)
        dump_only = ("sampleCompositionId",)
        sort = ("sampleCompositionId",)
        filters = by_parent(SampleComposition.blSampleId)


class RunCrystalCompositionSchema(TableSchema):
    """A component of a crystal, and its amount."""

    Component = fields.Nested(RunComponentSchema, attribute="component", required=True)
    ConcentrationType = fields.Nested(ConcentrationTypeSchema, attribute="unit", dump_only=True)

    class Meta(TableSchema.Meta):
        model = CrystalComposition
        fields = ("crystalCompositionId", "Component", *AMOUNT)
        dump_only = ("crystalCompositionId",)
        sort = ("crystalCompositionId",)
        filters = by_parent(CrystalComposition.crystalId)


class RunProteinSchema(TableSchema):
    """The protein of a sample, by its acronym in the proposal; it is made if it is new."""

    acronym = auto_field(required=True, allow_none=False, validate=validate.Length(1, 45))

    class Meta(TableSchema.Meta):
        model = Protein
        fields = ("proteinId", "acronym", "name", "safetyLevel")
        dump_only = ("proteinId", "safetyLevel")

    @validates("acronym")
    def _acronym(self, value, data_key):
        """Check a new acronym; stored ones may have other characters."""
        if not re.fullmatch(names.ACRONYM, value):
            raise ValidationError(names.ACRONYM_RULE)


class RunCrystalSchema(TableSchema):
    """The crystals in a sample."""

    Protein = fields.Nested(RunProteinSchema, attribute="protein", required=True)
    CrystalComposition = fields.Nested(
        RunCrystalCompositionSchema, attribute="compositions", many=True, validate=PARTS
    )

    class Meta(TableSchema.Meta):
        model = Crystal
        fields = (
            *("crystalId", "name", "spaceGroup", "cell_a", "cell_b", "cell_c", "cell_alpha"),
            *("cell_beta", "cell_gamma", "size_X", "size_Y", "size_Z", "abundance", "Protein"),
            "CrystalComposition",
        )
        dump_only = ("crystalId",)


class RunSampleSchema(TableSchema):
    """The sample of a run."""

    name = auto_field(required=True, allow_none=False, validate=validate.Length(1, 45))
    Crystal = fields.Nested(RunCrystalSchema, attribute="crystal", required=True)
    SampleComposition = fields.Nested(
        RunSampleCompositionSchema, attribute="compositions", many=True, validate=PARTS
    )

    class Meta(TableSchema.Meta):
        model = BLSample
        fields = ("blSampleId", "name", "support", "comments", "Crystal", "SampleComposition")
        dump_only = ("blSampleId",)

    @validates("name")
    def _name(self, value, data_key):
        if not re.fullmatch(names.SAMPLE, value):
            raise ValidationError("Must be of letters, digits and :+_- only.")


class RunGroupSchema(RecordSchema):
    """The group of a run: its session and sample, and the kind of experiment."""

    session: Any = fields.String(
        attribute="session_name",
        load_only=True,
        metadata={"description": "name of the session, in place of sessionId"},
    )
    sessionId = auto_field(required=False)
    experimentType = auto_field(
        required=True, allow_none=False, metadata={AS_WRITTEN: {"enum": [*SERIAL_TYPES]}}
    )
    BLSample = fields.Nested(
        RunSampleSchema,
        attribute="sample",
        allow_none=True,
        metadata={
            "description": "a new sample, or one by the name and the protein; read where"
            " blSampleId is absent or null"
        },
    )

    class Meta(RecordSchema.Meta):
        model = DataCollectionGroup
        fields = (
            *("dataCollectionGroupId", "session", "sessionId", "blSampleId", "experimentType"),
            *("startTime", "endTime", "comments", "detectorMode", "scanParameters", "BLSample"),
        )
        dump_only = ("dataCollectionGroupId",)

    @validates("experimentType")
    def _serial_type(self, value, data_key):
        """Check the kind of a new group; a stored one may have another, or none."""
        if value not in SERIAL_TYPES:
            raise ValidationError(f"Must be one of: {', '.join(SERIAL_TYPES)}.")


class RunCollectionColumnsSchema(RecordSchema):
    """The columns of a data collection that serial experiments have."""

    startTime = auto_field(required=True, allow_none=False)

    class Meta(RecordSchema.Meta):
        model = DataCollection
        fields: tuple[str, ...] = (
            *("dataCollectionId", "startTime", "endTime", "runStatus", "comments"),
            *("imageDirectory", "imagePrefix", "imageSuffix", "fileTemplate"),
            *("imageContainerSubPath", "dataCollectionNumber", "numberOfImages"),
            *("startImageNumber", "numberOfPasses", "exposureTime", "wavelength", "transmission"),
            *("flux", "flux_end", "resolution", "resolutionAtCorner", "detectorId"),
            *("detectorDistance", "xBeam", "yBeam", "beamSizeAtSampleX", "beamSizeAtSampleY"),
            *(
                "beamShape",
                "polarisation",
                "undulatorGap1",
                "averageTemperature",
                "xtalSnapshotFullPath1",
            ),
            *("xtalSnapshotFullPath2", "xtalSnapshotFullPath3", "xtalSnapshotFullPath4"),
        )
        dump_only = ("dataCollectionId",)


class RunCollectionSchema(RunCollectionColumnsSchema):
    """The data collection of a run, in a group that is there or a new one."""

    dataCollectionGroupId = auto_field(
        required=False,
        metadata={"description": "the group; absent for a new one, DataCollectionGroup"},
    )
    DataCollectionGroup = fields.Nested(
        RunGroupSchema,
        attribute="group",
        metadata={"description": "a new group; read where dataCollectionGroupId is absent"},
    )

    class Meta(RunCollectionColumnsSchema.Meta):
        fields = (
            *RunCollectionColumnsSchema.Meta.fields,
            *("dataCollectionGroupId", "DataCollectionGroup"),
        )


class RunChainSchema(EventChainSchema):
    """An event chain of a run."""

    class Meta(EventChainSchema.Meta):
        exclude = ("dataCollectionId",)


class RunRowSchema(TableSchema):
    """A serial experiment: data collection, group, sample, serial parameters, event chains."""

    DataCollection = fields.Nested(
        RunCollectionSchema,
        attribute="collection",
        required=True,
        metadata={"example": COLLECTION_EXAMPLE},
    )
    EventChain: Any = fields.Nested(RunChainSchema, attribute="chains", many=True, validate=CHAINS)

    class Meta(TableSchema.Meta):
        model = SSXDataCollection
        dump_only = ("dataCollectionId",)
        sort = ("-dataCollectionId",)


# As a document it is read in parts: the components of a sample are rows below a parent.
RunSchema = Schema.from_dict({**RunRowSchema().fields}, name="RunSchema")
RunSchema.__module__ = __name__  # else it is named like a schema of core in the specification


class RunChangesSchema(RunRowSchema):
    """Changes of a run: of its serial parameters, and of its data collection."""

    DataCollection = fields.Nested(RunCollectionColumnsSchema, attribute="collection")

    class Meta(RunRowSchema.Meta):
        exclude = ("EventChain",)


class ListedGroupSchema(CollectionGroupSchema):
    """The group of a run in a list, with its sample."""

    BLSample = fields.Nested(NamedSampleSchema, attribute="sample")

    class Meta(CollectionGroupSchema.Meta):
        fields = (*CollectionGroupSchema.Meta.fields, "BLSample")


class ListedCollectionSchema(CollectionSchema):
    """The data collection of a run in a list."""

    DataCollectionGroup = fields.Nested(ListedGroupSchema, attribute="group")


class ListedRunSchema(SSXDataCollectionSchema):
    """A run in a list, with the name of its sample and the acronym of the protein."""

    DataCollection = fields.Nested(ListedCollectionSchema, attribute="collection")
