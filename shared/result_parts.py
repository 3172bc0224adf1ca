"""Parts of results of processing, as rows of tables show them."""

from marshmallow import fields

from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
    ProcessingPipeline,
)
from shared.schemas import TableSchema


class TablePipelineSchema(TableSchema):
    """A pipeline and its name."""

    class Meta(TableSchema.Meta):
        model = ProcessingPipeline
        fields = ("processingPipelineId", "name")


class TableProgramSchema(TableSchema):
    """The program of a result."""

    ProcessingPipeline = fields.Nested(TablePipelineSchema, attribute="pipeline")

    class Meta(TableSchema.Meta):
        model = AutoProcProgram
        fields = (
            *("autoProcProgramId", "processingPrograms", "processingStatus"),
            *("processingStartTime", "processingEndTime", "ProcessingPipeline"),
        )


class TableResultSchema(TableSchema):
    """Symmetry and cell."""

    AutoProcProgram = fields.Nested(TableProgramSchema, attribute="program")

    class Meta(TableSchema.Meta):
        model = AutoProc
        fields = (
            *("autoProcId", "spaceGroup", "refinedCell_a", "refinedCell_b", "refinedCell_c"),
            *("refinedCell_alpha", "refinedCell_beta", "refinedCell_gamma", "AutoProcProgram"),
        )


class TableShellSchema(TableSchema):
    """The statistics of a shell."""

    class Meta(TableSchema.Meta):
        model = AutoProcScalingStatistics
        exclude = ("autoProcScalingId", "recordTimeStamp")


class TableIntegrationSchema(TableSchema):
    """The images of an integration."""

    class Meta(TableSchema.Meta):
        model = AutoProcIntegration
        fields = (
            *("autoProcIntegrationId", "dataCollectionId", "startImageNumber"),
            "endImageNumber",
        )


class TableLinkSchema(TableSchema):
    """An integration of a scaling."""

    AutoProcIntegration = fields.Nested(TableIntegrationSchema, attribute="integration")

    class Meta(TableSchema.Meta):
        model = AutoProcScalingHasInt
        fields = ("AutoProcIntegration",)
