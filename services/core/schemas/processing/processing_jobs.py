"""The payloads of requests to process data."""

from marshmallow import ValidationError, fields, validate, validates_schema
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import CompoundSelect, bindparam, select, union

from services.core.schemas.processing.programs import KEY, TidySchema, answer_of
from shared.filters import Filter, by_session_id
from shared.models import (
    AutoProcProgram,
    ProcessingJob,
    ProcessingJobImageSweep,
    ProcessingJobParameter,
)
from shared.schemas import TableSchema

MOST = 10_000  # parameters or sweeps of one job


class JobParameterSchema(TableSchema):
    """A parameter of a job; several may have the same key."""

    parameterKey = auto_field(required=True, allow_none=False)

    class Meta(TableSchema.Meta):
        model = ProcessingJobParameter
        exclude = ("processingJobId",)
        dump_only = ("processingJobParameterId",)


class JobSweepSchema(TableSchema):
    """Images to process; without numbers the whole data collection."""

    dataCollectionId = auto_field(required=True, allow_none=False)

    class Meta(TableSchema.Meta):
        model = ProcessingJobImageSweep
        exclude = ("processingJobId",)
        dump_only = ("processingJobImageSweepId",)

    @validates_schema
    def _check_order(self, data, **kwargs):
        start, end = data.get("startImage"), data.get("endImage")
        if start is not None and end is not None and start > end:
            raise ValidationError("startImage must not be after endImage", "endImage")


class JobProgramSchema(TableSchema):
    """A program that was run for a job."""

    class Meta(TableSchema.Meta):
        model = AutoProcProgram
        fields = (
            "autoProcProgramId",
            "processingPrograms",
            "processingStatus",
            "processingMessage",
            "processingStartTime",
            "processingEndTime",
        )


def _on_collection() -> CompoundSelect:
    """The jobs on a data collection: a union, as for an OR, MariaDB reads the whole table."""
    rows = (ProcessingJob, ProcessingJobImageSweep)
    value = bindparam("dataCollection")
    return union(*(select(r.processingJobId).where(r.dataCollectionId == value) for r in rows))


class ProcessingJobSchema(TidySchema):
    """A request to process images of one or several data collections."""

    free_text = ("comments",)

    parameters = fields.Nested(JobParameterSchema, many=True, validate=validate.Length(max=MOST))
    sweeps = fields.Nested(
        JobSweepSchema,
        many=True,
        validate=validate.Length(max=MOST),
        metadata={"description": "by default one, of the whole data collection"},
    )
    programs = fields.Nested(JobProgramSchema, many=True, dump_only=True)

    class Meta(TableSchema.Meta):
        model = ProcessingJob
        dump_only = ("processingJobId", "recordTimestamp")
        search = ("displayName", "comments", "recipe")
        sort = ("-processingJobId",)
        filters = {
            "dataCollectionId": Filter(
                None,
                fields.Integer(
                    attribute="dataCollection",
                    validate=KEY,
                    metadata={"description": "jobs on it, alone or among others"},
                ),
            ),
            **by_session_id(ProcessingJob),
            "dataCollection": Filter(
                ProcessingJob.processingJobId.in_(select(_on_collection().subquery()))
            ),
        }


ProcessingJobAnswerSchema = answer_of(ProcessingJobSchema)
