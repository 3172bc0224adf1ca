"""The payload of all that was measured on a sample."""

from marshmallow import Schema, fields

from services.core.schemas.acquisition.data_collections import SNAPSHOTS, build_links
from services.core.schemas.beamline.energy_scans import EnergyScanSchema
from services.core.schemas.beamline.robot_actions import RobotActionSchema
from services.core.schemas.beamline.xrf_spectra import XrfSpectrumSchema
from services.core.schemas.processing.result_tables import ResultRowSchema
from services.core.schemas.samples.samples import SampleContainerSchema
from shared.computed import ComputedDict, ComputedText
from shared.config import API_ROOT
from shared.filters import by_sample
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    BLSession,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
)
from shared.sample_names import NamedSampleSchema
from shared.schemas import TableSchema

PATH = {"description": "path of the file, as /user/sign takes it; null if it was deleted"}


class CollectionFileMetadataSchema(Schema):
    """The path of a file of a data collection."""

    link = ComputedText(
        lambda key: f"{API_ROOT}/data_collections/attachments/{key}/file",
        "dataCollectionFileAttachmentId",
        metadata=PATH,
    )


class CollectionFileSchema(TableSchema):
    """A file of a data collection, with its path in this service."""

    _metadata = fields.Nested(CollectionFileMetadataSchema)

    class Meta(TableSchema.Meta):
        model = DataCollectionFileAttachment
        fields = ("dataCollectionFileAttachmentId", "fileType", "fileFullPath", "_metadata")


class ProgramFileMetadataSchema(Schema):
    """The path of a file that a program wrote."""

    link = ComputedText(
        lambda key, deleted: (
            None if deleted else f"{API_ROOT}/autoproc/programs/attachments/{key}/file"
        ),
        *("autoProcProgramAttachmentId", "deleted"),
        allow_none=True,
        metadata=PATH,
    )


class ProgramFileSchema(TableSchema):
    """A file that a program wrote, with its path in this service."""

    _metadata = fields.Nested(ProgramFileMetadataSchema)

    class Meta(TableSchema.Meta):
        model = AutoProcProgramAttachment
        fields = (
            *("autoProcProgramAttachmentId", "fileType", "filePath", "fileName"),
            *("importanceRank", "_metadata"),
        )


class LineageSessionSchema(TableSchema):
    """The session of a group."""

    class Meta(TableSchema.Meta):
        model = BLSession
        fields = ("sessionId", "proposalId", "visit_number", "beamLineName")


class LineageGroupSchema(TableSchema):
    """A group of data collections, with its session."""

    BLSession = fields.Nested(LineageSessionSchema, attribute="session")

    class Meta(TableSchema.Meta):
        model = DataCollectionGroup
        fields = (
            *("dataCollectionGroupId", "experimentType", "startTime", "endTime", "comments"),
            "BLSession",
        )


class LineageLinksSchema(Schema):
    """The links of a data collection."""

    links = ComputedDict(build_links, "dataCollectionId", "startImageNumber", *SNAPSHOTS)


class LineageCollectionSchema(TableSchema):
    """A data collection of a sample, with its group and its files."""

    DataCollectionGroup = fields.Nested(LineageGroupSchema, attribute="group")
    DataCollectionFileAttachment = fields.Nested(
        CollectionFileSchema, many=True, attribute="attachments"
    )
    _metadata = fields.Nested(LineageLinksSchema)

    class Meta(TableSchema.Meta):
        model = DataCollection
        fields = (
            *("dataCollectionId", "dataCollectionNumber", "imagePrefix", "imageDirectory"),
            *("startTime", "endTime", "runStatus", "numberOfImages", "resolution"),
            *("DataCollectionGroup", "DataCollectionFileAttachment", "_metadata"),
        )
        sort = ("-dataCollectionId",)
        filters = by_sample(DataCollection)


class LineageProgramSchema(TableSchema):
    """A run of a program on data of a sample, with its files."""

    AutoProcProgramAttachment = fields.Nested(
        ProgramFileSchema, many=True, attribute="attachments"
    )

    class Meta(TableSchema.Meta):
        model = AutoProcProgram
        fields = (
            *("autoProcProgramId", "processingPrograms", "processingStatus"),
            *("processingMessage", "processingStartTime", "processingEndTime"),
            "AutoProcProgramAttachment",
        )
        sort = ("-autoProcProgramId",)


class LineageSampleSchema(NamedSampleSchema):
    """A sample with its place."""

    Container = fields.Nested(SampleContainerSchema, attribute="container")

    class Meta(NamedSampleSchema.Meta):
        fields = (
            *NamedSampleSchema.Meta.fields,
            *("code", "location", "subLocation", "blSampleStatus", "Container"),
        )


MeasuredCollectionSchema = Schema.from_dict(
    {
        **{
            name: field
            for name, field in LineageCollectionSchema().dump_fields.items()
            if name != "DataCollectionGroup"
        },
        "autoProcProgramIds": fields.List(
            fields.Integer(), metadata={"description": "the programs that used it"}
        ),
    },
    name="MeasuredCollectionSchema",
)
MeasuredGroupSchema = Schema.from_dict(
    {
        **LineageGroupSchema().dump_fields,
        "DataCollection": fields.List(fields.Nested(MeasuredCollectionSchema)),
    },
    name="MeasuredGroupSchema",
)
ProcessedProgramSchema = Schema.from_dict(
    {
        **LineageProgramSchema().dump_fields,
        "AutoProcScaling": fields.List(
            fields.Nested(ResultRowSchema), metadata={"description": "its results"}
        ),
    },
    name="ProcessedProgramSchema",
)


class SampleLineageSchema(Schema):
    """A sample and all that was measured on it, the newest first."""

    BLSample = fields.Nested(LineageSampleSchema)
    DataCollectionGroup = fields.List(fields.Nested(MeasuredGroupSchema))
    AutoProcProgram = fields.List(fields.Nested(ProcessedProgramSchema))
    RobotAction = fields.List(fields.Nested(RobotActionSchema))
    EnergyScan = fields.List(fields.Nested(EnergyScanSchema))
    XFEFluorescenceSpectrum = fields.List(fields.Nested(XrfSpectrumSchema))
    isComplete = fields.Boolean(
        metadata={"description": "false: there are more rows, which the lists by blSampleId have"}
    )
