"""The payloads of programs, their files and their messages."""

from collections.abc import Iterator
from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load, pre_load, validate, validates
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import CompoundSelect, bindparam, select, union

from services.core.models import AutoProcIntegration
from shared.aggregates import Count
from shared.filters import Filter, by_parent, by_sample
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingJob,
    ProcessingPipeline,
)
from shared.schemas import AS_WRITTEN, TableSchema, definition_name, fit_free_text

# processingStatus of a program, null while it waits or runs; and how clients write it
SUCCESS, FAILURE = 1, 0
STATUSES = {
    **dict.fromkeys(("success", "1", "true"), SUCCESS),
    **dict.fromkeys(("failure", "failed", "0", "false"), FAILURE),
}
FINAL = validate.OneOf([FAILURE, SUCCESS])
# the state of a run of processing, by its job and program: see processing_status
RUN_STATES = SUBMITTED, QUEUED, RUNNING, SUCCEEDED, FAILED = (
    *("Submitted", "Queued", "Running", "Success", "Fail"),
)
LONGEST_TEXT = 65_535
KEY = validate.Range(1, 2**32 - 1)


class TidySchema(TableSchema):
    """A body from a pipeline: free text is cut and written in the letters of its column.

    ``warnings`` names each change.
    """

    free_text: ClassVar[tuple[str, ...]] = ()

    def tidy(self, data: dict) -> dict:
        """``data`` with the values that the columns take."""
        return data

    @pre_load
    def _tidy(self, data, **kwargs):
        if not isinstance(data, dict):
            return data
        return self.tidy({**data, **{name: text for name, text, _ in self._fit(data)}})

    @post_load(pass_original=True)
    def _warn(self, data, original, **kwargs):
        changes = [f"{name}: {c}" for name, _, changes in self._fit(original) for c in changes]
        return {**data, "warnings": changes} if changes else data

    def _fit(self, data: dict) -> Iterator[tuple[str, Any, list[str]]]:
        """The free texts of ``data``, as their columns can hold them, and the changes."""
        for name in self.free_text:
            if name in data:
                yield name, *fit_free_text(self.fields[name], data[name])


def answer_of(schema: type[TableSchema], **more: fields.Field) -> type[Schema]:
    """The answer to a write of ``schema``: the row, and warnings about the body."""
    warnings = fields.List(
        fields.String(), metadata={"description": "what was cut, replaced or dropped"}
    )
    answer = {**schema().dump_fields, **more, "warnings": warnings}
    return Schema.from_dict(answer, name=f"{definition_name(schema)}AnswerSchema")


class PipelineSchema(TableSchema):
    """A pipeline that the site offers."""

    class Meta(TableSchema.Meta):
        model = ProcessingPipeline
        fields = ("processingPipelineId", "name")


class ProgramJobSchema(TableSchema):
    """The job a program is run for."""

    class Meta(TableSchema.Meta):
        model = ProcessingJob
        fields = ("processingJobId", "dataCollectionId", "displayName", "recipe", "automatic")


class ProgramMetadataSchema(Schema):
    """The numbers of dependent rows of a program."""

    attachments = Count(AutoProcProgramAttachment.autoProcProgramId)
    messages = Count(AutoProcProgramMessage.autoProcProgramId)


def _on_collection() -> CompoundSelect:
    """The programs that processed a data collection, or whose job names it.

    A union: for an OR of subqueries, MariaDB reads the whole table.
    """
    value, row, program = bindparam("dataCollection"), AutoProcIntegration, AutoProcProgram
    of_job = select(program.autoProcProgramId).join(program.job)
    return union(
        select(row.autoProcProgramId).where(row.dataCollectionId == value),
        of_job.where(ProcessingJob.dataCollectionId == value),
    )


class AutoProcProgramSchema(TidySchema):
    """One run of a program. Its status is null while it waits or runs, 1 success, 0 failure."""

    free_text = (
        "processingCommandLine",
        "processingPrograms",
        "processingMessage",
        "processingEnvironment",
    )

    processingStatus = auto_field(
        metadata={
            "description": "1 success, 0 failure, null while it waits or runs; success, failure,"
            " failed, true and false will do, and other words change nothing",
            AS_WRITTEN: {"enum": [0, 1, None]},
        },
    )
    pipeline = fields.String(
        attribute="pipelineName",
        allow_none=True,
        load_only=True,
        metadata={"description": "its name, e.g. autoPROC; by default processingPrograms"},
    )
    dataCollectionId = fields.Integer(
        strict=True,
        allow_none=True,
        load_only=True,
        validate=KEY,
        metadata={"description": "what it processes, if there is no job"},
    )
    ProcessingJob = fields.Nested(ProgramJobSchema, attribute="job", dump_only=True)
    ProcessingPipeline = fields.Nested(PipelineSchema, attribute="pipeline", dump_only=True)
    _metadata = fields.Nested(ProgramMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = AutoProcProgram
        dump_only: ClassVar[tuple[str, ...]] = ("autoProcProgramId", "recordTimeStamp")
        search = ("processingPrograms", "processingMessage")
        sort = ("-autoProcProgramId",)
        filters: ClassVar[dict] = {
            **by_sample(AutoProcProgram),
            "dataCollectionId": Filter(
                None,
                fields.Integer(
                    attribute="dataCollection",
                    validate=KEY,
                    metadata={"description": "programs that processed it, or whose job names it"},
                ),
            ),
            "dataCollection": Filter(
                AutoProcProgram.autoProcProgramId.in_(select(_on_collection().subquery()))
            ),
        }

    @validates("processingStatus")
    def _check_status(self, value, data_key):
        """Raise ValidationError for other values in a body; old rows may have them."""
        if value is not None:
            FINAL(value)

    def tidy(self, data: dict) -> dict:
        """``data`` with success and failure as numbers; any other word is dropped."""
        status: Any = data.get("processingStatus")
        if isinstance(status, str | bool):
            data.pop("processingStatus")
            if (word := str(status).strip().lower()) in STATUSES:
                data["processingStatus"] = STATUSES[word]
        return data


class AutoProcProgramUpdateSchema(AutoProcProgramSchema):
    """The columns that may change while a program runs."""

    class Meta(AutoProcProgramSchema.Meta):
        exclude = ("dataCollectionId",)


class ForceQuery(Schema):
    """Whether a final status may be changed."""

    force = fields.Boolean(
        load_default=False, metadata={"description": "change it though its status is final"}
    )


class AttachmentSchema(TidySchema):
    """A file that a program wrote: its type, folder and name."""

    autoProcProgramId = auto_field(dump_only=True)
    fileName = auto_field(required=True, allow_none=False)
    filePath = auto_field(required=True, allow_none=False)

    class Meta(TableSchema.Meta):
        model = AutoProcProgramAttachment
        dump_only = ("autoProcProgramAttachmentId", "recordTimeStamp")
        search = ("fileName", "filePath")
        sort = ("-autoProcProgramAttachmentId",)
        filters: ClassVar[dict] = by_parent(AutoProcProgramAttachment.autoProcProgramId)

    def tidy(self, data: dict) -> dict:
        """``data`` with the type spelled as in the database, e.g. Log."""
        if isinstance(kind := data.get("fileType"), str):
            data["fileType"] = kind.strip().capitalize()
        return data


class ProgramAttachmentSchema(AttachmentSchema):
    """A file, and the program that wrote it."""

    autoProcProgramId = auto_field(required=True)

    class Meta(AttachmentSchema.Meta):
        filters: ClassVar[dict] = by_sample(AutoProcProgramAttachment)


class MessageSchema(TidySchema):
    """A message of a program."""

    free_text = ("message", "description")

    autoProcProgramId = auto_field(dump_only=True)
    description = auto_field(validate=[validate.Length(max=LONGEST_TEXT)])

    class Meta(TableSchema.Meta):
        model = AutoProcProgramMessage
        dump_only = ("autoProcProgramMessageId", "recordTimeStamp")
        search = ("message", "description")
        sort = ("autoProcProgramMessageId",)
        filters = by_parent(AutoProcProgramMessage.autoProcProgramId)

    def tidy(self, data: dict) -> dict:
        """``data`` with the severity in capitals, as in the database."""
        if isinstance(severity := data.get("severity"), str):
            data["severity"] = severity.strip().upper()
        return data


APPLIED = fields.Boolean(
    metadata={"description": "false: the row was newer, or had ended; nothing changed"}
)
ProgramAnswerSchema = answer_of(AutoProcProgramSchema, applied=APPLIED)
AttachmentAnswerSchema = answer_of(AttachmentSchema)
MessageAnswerSchema = answer_of(MessageSchema)
