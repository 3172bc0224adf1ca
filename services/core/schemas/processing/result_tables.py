"""Results of processing as the rows of a table, and the state of what is still processed."""

from marshmallow import Schema, fields, validate
from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import aliased

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)
from services.core.schemas.processing.programs import RUN_STATES
from shared.filters import Filter, by_proposal, fields_of
from shared.lists import Delimited
from shared.models import (
    AutoProcProgram,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    ProcessingPipeline,
)
from shared.schemas import TableSchema, text_of

KEY = validate.Range(1, 2**32 - 1)
MOST_COLLECTIONS = 500  # by their keys: more may not fit into a URL
SHELLS = ("overall", "innerShell", "outerShell")
OWNERS = {"collection": "dataCollectionId", "sample": "blSampleId", "session": "sessionId"}
# What makes a result the best, and whether the most of it does
CRITERIA = {
    "resolutionLimitHigh": False,
    "rMerge": False,
    "rPimWithinIPlusIMinus": False,
    "completeness": True,
    "ccHalf": True,
    "meanIOverSigI": True,
}


class TablePipelineSchema(TableSchema):
    """A pipeline, by its name."""

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


class AutoProcRowSchema(TableSchema):
    """Symmetry and cell, as a program found them."""

    AutoProcProgram = fields.Nested(TableProgramSchema, attribute="program")

    class Meta(TableSchema.Meta):
        model = AutoProc
        search = ("spaceGroup",)
        sort = ("-autoProcId",)


class TableShellSchema(TableSchema):
    """How good a shell is."""

    class Meta(TableSchema.Meta):
        model = AutoProcScalingStatistics
        exclude = ("autoProcScalingId", "recordTimeStamp")


class TableIntegrationSchema(TableSchema):
    """Which images went in."""

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


def _using(condition):
    """Scalings that use a data collection of which ``condition`` holds."""
    link, integration = AutoProcScalingHasInt, AutoProcIntegration
    found = select(link.autoProcScalingId).join(
        integration, integration.autoProcIntegrationId == link.autoProcIntegrationId
    )
    found = found.join(
        DataCollection, DataCollection.dataCollectionId == integration.dataCollectionId
    )
    group = DataCollectionGroup.dataCollectionGroupId
    found = found.join(DataCollectionGroup, group == DataCollection.dataCollectionGroupId)
    return AutoProcScaling.autoProcScalingId.in_(found.where(condition))


def _by_pipeline():
    result, program = aliased(AutoProc), aliased(AutoProcProgram)
    pipeline = aliased(ProcessingPipeline)
    name = func.lower(bindparam("pipeline"))
    found = select(result.autoProcId).join(
        program, program.autoProcProgramId == result.autoProcProgramId
    )
    found = found.outerjoin(
        pipeline, pipeline.processingPipelineId == program.processingPipelineId
    )
    named = (func.lower(program.processingPrograms) == name, func.lower(pipeline.name) == name)
    return AutoProcScaling.autoProcId.in_(found.where(or_(*named)))


def _of_proposal():
    found = select(BLSession.sessionId).where(BLSession.proposalId == bindparam("proposal"))
    return _using(DataCollectionGroup.sessionId.in_(found))


SELECTION = {  # of results; the module puts sessionId in the place of session
    "session": Filter(None, fields.String(metadata={"description": "session id or name"})),
    "sessionId": Filter(
        _using(DataCollectionGroup.sessionId == bindparam("sessionId")),
        fields.Integer(validate=KEY),
    ),
    "proposal": by_proposal(_of_proposal()),
    "blSampleId": Filter(
        _using(DataCollectionGroup.blSampleId == bindparam("blSampleId")),
        fields.Integer(validate=KEY),
    ),
    "dataCollectionGroupId": Filter(
        _using(DataCollectionGroup.dataCollectionGroupId == bindparam("dataCollectionGroupId")),
        fields.Integer(validate=KEY),
    ),
    "dataCollectionId": Filter(
        _using(DataCollection.dataCollectionId == bindparam("dataCollectionId")),
        fields.Integer(validate=KEY),
    ),
    "pipeline": Filter(
        _by_pipeline(),
        text_of(
            AutoProcProgram.processingPrograms,
            1,
            metadata={"description": "name of the pipeline or program, in any case"},
        ),
    ),
}


class ResultRowSchema(TableSchema):
    """A scaling with its symmetry and cell, its shells, and what it was made of."""

    AutoProc = fields.Nested(TableResultSchema, attribute="autoproc")
    AutoProcScalingStatistics = fields.Nested(TableShellSchema, many=True, attribute="statistics")
    AutoProcScaling_has_Int = fields.Nested(TableLinkSchema, many=True, attribute="links")

    class Meta(TableSchema.Meta):
        model = AutoProcScaling
        sort = ("-autoProcScalingId",)
        filters = SELECTION


BestQuery = Schema.from_dict(  # which result is the best, and of what
    {
        **fields_of(SELECTION),
        "of": fields.String(
            load_default="collection",
            validate=validate.OneOf([*OWNERS]),
            metadata={"description": "the best of each of these"},
        ),
        "criterion": fields.String(
            load_default="rMerge",
            validate=validate.OneOf([*CRITERIA]),
            metadata={"description": "decides: the least, or the most where more is better"},
        ),
        "shell": fields.String(
            load_default="overall",
            validate=validate.OneOf(SHELLS),
            metadata={"description": "of which the criterion is taken"},
        ),
        "minCompleteness": fields.Float(
            load_default=0,
            validate=validate.Range(0, 100),
            metadata={
                "description": "of all reflections, %; what is less complete does not count"
            },
        ),
    },
    name="BestQuery",
)


class BestResultSchema(Schema):
    """The best result of a data collection, sample or session."""

    dataCollectionId = fields.Integer(metadata={"description": "if it is the best of one"})
    blSampleId = fields.Integer(metadata={"description": "if it is the best of one"})
    sessionId = fields.Integer(metadata={"description": "if it is the best of one"})
    value = fields.Float(metadata={"description": "of the criterion"})
    AutoProcScaling = fields.Nested(ResultRowSchema)


class BestResultsSchema(Schema):
    """The best results of a selection, by what they are the best of."""

    criterion = fields.String()
    shell = fields.String()
    best = fields.List(fields.Nested(BestResultSchema))


class StatusQuery(Schema):
    """Of which data collections: by their keys, or all of a session or group."""

    dataCollectionIds = Delimited(
        fields.Integer(validate=KEY), validate=validate.Length(1, MOST_COLLECTIONS)
    )
    session = fields.String(metadata={"description": "session id or name"})
    sessionId = fields.Integer(validate=KEY)
    dataCollectionGroupId = fields.Integer(validate=KEY)


class RunSchema(Schema):
    """A run of a program, or a job that waits for one."""

    processingJobId = fields.Integer(allow_none=True)
    autoProcProgramId = fields.Integer(allow_none=True)
    name = fields.String(allow_none=True)
    status = fields.String(metadata={"description": ", ".join(RUN_STATES)})


class CollectionStatusSchema(Schema):
    """What is processed of a data collection."""

    dataCollectionId = fields.Integer()
    runs = fields.List(fields.Nested(RunSchema))


class StatusesSchema(Schema):
    """Those of the data collections that the caller may see."""

    statuses = fields.List(fields.Nested(CollectionStatusSchema))
