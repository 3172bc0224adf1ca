"""The payloads of results as rows of a table, and of the states of processing."""

from marshmallow import Schema, fields, validate
from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import aliased

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
)
from services.core.schemas.processing.programs import KEY, RUN_STATES
from services.core.schemas.processing.results import SHELLS
from shared.filters import Filter, by_proposal, by_sample, fields_of
from shared.lists import Delimited
from shared.models import (
    AutoProcProgram,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    ProcessingPipeline,
)
from shared.result_parts import (
    TableLinkSchema,
    TableProgramSchema,
    TableResultSchema,
    TableShellSchema,
)
from shared.schemas import TableSchema, text_of

MOST_COLLECTIONS = 500  # keys in one URL, whose length servers limit
OWNERS = {"collection": "dataCollectionId", "sample": "blSampleId", "session": "sessionId"}
# the criteria of the best result; true where the greatest value is the best
CRITERIA = {
    "resolutionLimitHigh": False,
    "rMerge": False,
    "rPimWithinIPlusIMinus": False,
    "completeness": True,
    "ccHalf": True,
    "meanIOverSigI": True,
}


class AutoProcRowSchema(TableSchema):
    """Symmetry and cell, with their program."""

    AutoProcProgram = fields.Nested(TableProgramSchema, attribute="program")

    class Meta(TableSchema.Meta):
        model = AutoProc
        search = ("spaceGroup",)
        sort = ("-autoProcId",)
        filters = by_sample(AutoProc)


def _using(condition):
    """The condition of scalings that use a data collection which meets ``condition``."""
    link, integration = AutoProcScalingHasInt, AutoProcIntegration
    keys = select(link.autoProcScalingId).join(
        integration, integration.autoProcIntegrationId == link.autoProcIntegrationId
    )
    keys = keys.join(
        DataCollection, DataCollection.dataCollectionId == integration.dataCollectionId
    )
    group = DataCollectionGroup.dataCollectionGroupId
    keys = keys.join(DataCollectionGroup, group == DataCollection.dataCollectionGroupId)
    return AutoProcScaling.autoProcScalingId.in_(keys.where(condition))


def _by_pipeline():
    result, program = aliased(AutoProc), aliased(AutoProcProgram)
    pipeline = aliased(ProcessingPipeline)
    name = func.lower(bindparam("pipeline"))
    keys = select(result.autoProcId).join(
        program, program.autoProcProgramId == result.autoProcProgramId
    )
    keys = keys.outerjoin(pipeline, pipeline.processingPipelineId == program.processingPipelineId)
    by_name = or_(
        func.lower(program.processingPrograms) == name, func.lower(pipeline.name) == name
    )
    return AutoProcScaling.autoProcId.in_(keys.where(by_name))


def _of_proposal():
    keys = select(BLSession.sessionId).where(BLSession.proposalId == bindparam("proposal"))
    return _using(DataCollectionGroup.sessionId.in_(keys))


SELECTION = {  # filters of results; the module replaces session by sessionId
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


OF_PROGRAMS = Filter(  # only code uses it
    AutoProcScaling.autoProcId.in_(
        select(AutoProc.autoProcId).where(
            AutoProc.autoProcProgramId.in_(bindparam("programs", expanding=True))
        )
    )
)


class ResultRowSchema(TableSchema):
    """A scaling with its symmetry and cell, its shells and its integrations."""

    AutoProc = fields.Nested(TableResultSchema, attribute="autoproc")
    AutoProcScalingStatistics = fields.Nested(TableShellSchema, many=True, attribute="statistics")
    AutoProcScaling_has_Int = fields.Nested(TableLinkSchema, many=True, attribute="links")

    class Meta(TableSchema.Meta):
        model = AutoProcScaling
        sort = ("-autoProcScalingId",)
        filters = {**SELECTION, "programs": OF_PROGRAMS}


BestQuery = Schema.from_dict(  # the filters of results, and the criterion
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
    """The best results of a selection."""

    criterion = fields.String()
    shell = fields.String()
    best = fields.List(fields.Nested(BestResultSchema))


class StatusQuery(Schema):
    """Data collections: by their keys, or all of a session or group."""

    dataCollectionIds = Delimited(
        fields.Integer(validate=KEY), validate=validate.Length(1, MOST_COLLECTIONS)
    )
    session = fields.String(metadata={"description": "session id or name"})
    sessionId = fields.Integer(validate=KEY)
    dataCollectionGroupId = fields.Integer(validate=KEY)


class RunSchema(Schema):
    """A run of a program, or a job without one."""

    processingJobId = fields.Integer(allow_none=True)
    autoProcProgramId = fields.Integer(allow_none=True)
    name = fields.String(allow_none=True)
    status = fields.String(metadata={"description": ", ".join(RUN_STATES)})


class CollectionStatusSchema(Schema):
    """The runs of processing on a data collection."""

    dataCollectionId = fields.Integer()
    runs = fields.List(fields.Nested(RunSchema))


class StatusesSchema(Schema):
    """The runs on the data collections that the caller may see."""

    statuses = fields.List(fields.Nested(CollectionStatusSchema))
