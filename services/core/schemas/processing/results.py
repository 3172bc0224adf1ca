"""The payload of a whole result of processing, the same for writes and reads."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema
from marshmallow_sqlalchemy import auto_field

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
    MXMRRun,
    MXMRRunBlob,
    PhasingProgramAttachment,
    PhasingProgramRun,
    PhasingStatistics,
    PhasingStep,
)
from services.core.schemas.processing.programs import (
    FINAL,
    KEY,
    STATUSES,
    AttachmentSchema,
    AutoProcProgramSchema,
    ForceQuery,
    MessageSchema,
    TidySchema,
)
from services.core.schemas.processing.screenings import ScreeningSchema
from shared.records import MANY
from shared.sample_names import NamedSampleSchema
from shared.schemas import TableSchema

SHELLS = ("overall", "innerShell", "outerShell")


class ScalingStatisticsSchema(TidySchema):
    """The statistics of a shell of a scaling."""

    free_text = ("comments",)

    scalingStatisticsType = auto_field(required=True, allow_none=False)

    class Meta(TableSchema.Meta):
        model = AutoProcScalingStatistics
        exclude = ("autoProcScalingId",)
        dump_only = ("autoProcScalingStatisticsId", "recordTimeStamp")


class SweepImageSchema(Schema):
    """An image of the integrated data collection, which identifies it."""

    fileName = fields.String(required=True, validate=validate.Length(1, 255))
    fileLocation = fields.String(required=True, validate=validate.Length(1, 255))


class NamedImageSchema(SweepImageSchema):
    """An image in XML, which may name the data collection too, as that of EDNA does."""

    dataCollectionId = fields.Integer()


class IntegrationSchema(TableSchema):
    """An integration of one data collection, by its key or one of its images."""

    dataCollectionId = auto_field(required=False)
    Image = fields.Nested(SweepImageSchema, load_only=True, allow_none=True)

    class Meta(TableSchema.Meta):
        model = AutoProcIntegration
        exclude = ("autoProcProgramId",)
        dump_only = ("autoProcIntegrationId", "recordTimeStamp")


SHELLS_EXAMPLE = [
    {
        "scalingStatisticsType": shell,
        "resolutionLimitLow": low,
        "resolutionLimitHigh": high,
        "rMerge": merge,
        "completeness": completeness,
        "meanIOverSigI": intensity,
    }
    for shell, low, high, merge, completeness, intensity in (
        ("overall", 39.4, 1.8, 0.061, 99.6, 18.2),
        ("innerShell", 39.4, 4.88, 0.032, 99.9, 45.7),
        ("outerShell", 1.83, 1.8, 0.74, 98.1, 2.1),
    )
]


class ScalingSchema(TableSchema):
    """A scaling: three shells, and the integrations it is made of."""

    statistics = fields.Nested(
        ScalingStatisticsSchema, many=True, required=True, metadata={"example": SHELLS_EXAMPLE}
    )
    integrations = fields.Nested(IntegrationSchema, many=True, validate=MANY)

    class Meta(TableSchema.Meta):
        model = AutoProcScaling
        exclude: ClassVar[tuple[str, ...]] = ("autoProcId",)
        dump_only = ("autoProcScalingId",)

    @validates_schema
    def _check_shells(self, data, **kwargs):
        names = sorted(each["scalingStatisticsType"] for each in data["statistics"])
        if names != sorted(SHELLS):
            reason = f"needs each of {', '.join(SHELLS)} once"
            raise ValidationError(reason, "statistics")


class AutoProcSchema(TableSchema):
    """Symmetry and cell, and their scalings."""

    scalings = fields.Nested(ScalingSchema, many=True, validate=MANY)

    class Meta(TableSchema.Meta):
        model = AutoProc
        exclude = ("autoProcProgramId",)
        dump_only = ("autoProcId", "recordTimeStamp")
        sort = ("autoProcId",)


class MRBlobSchema(TableSchema):
    """A blob: density that the model does not explain."""

    class Meta(TableSchema.Meta):
        model = MXMRRunBlob
        exclude = ("mxMRRunId",)
        dump_only = ("mxMRRunBlobId",)


class MRRunSchema(TableSchema):
    """A run of molecular replacement, or of a search for blobs."""

    autoProcScalingId = auto_field(
        required=False,
        metadata={"description": "the scaling it uses; by default the first of the document"},
    )
    blobs = fields.Nested(MRBlobSchema, many=True, validate=MANY)

    class Meta(TableSchema.Meta):
        model = MXMRRun
        exclude = ("autoProcProgramId",)
        dump_only = ("mxMRRunId",)
        sort = ("mxMRRunId",)


class PhasingStatisticsSchema(TableSchema):
    """One figure of a phasing step, of one bin or of all."""

    class Meta(TableSchema.Meta):
        model = PhasingStatistics
        exclude = ("phasingHasScalingId1", "phasingHasScalingId2", "phasingStepId")
        dump_only = ("phasingStatisticsId", "recordTimeStamp")


class PhasingStepSchema(TableSchema):
    """One step of a phasing, with its figures."""

    statistics = fields.Nested(PhasingStatisticsSchema, many=True, validate=MANY)

    class Meta(TableSchema.Meta):
        model = PhasingStep
        exclude = ("phasingAnalysisId", "programRunId", "autoProcScalingId")
        dump_only = ("phasingStepId", "previousPhasingStepId", "recordTimeStamp")
        sort = ("phasingStepId",)


class PhasingRunSchema(TidySchema):
    """A run of a phasing program that has no row of its own as a program."""

    free_text = ("phasingPrograms", "phasingCommandLine", "phasingMessage", "phasingEnvironment")

    class Meta(TableSchema.Meta):
        model = PhasingProgramRun
        dump_only = ("phasingProgramRunId", "recordTimeStamp")

    def tidy(self, data: dict) -> dict:
        """``data`` with success and failure as numbers; any other word becomes null."""
        status = str(data.get("phasingStatus")).strip().lower()
        return {**data, "phasingStatus": STATUSES.get(status)}


class PhasingAttachmentSchema(TableSchema):
    """A file that a phasing program wrote."""

    class Meta(TableSchema.Meta):
        model = PhasingProgramAttachment
        exclude = ("phasingProgramRunId",)
        dump_only = ("phasingProgramAttachmentId", "recordTimeStamp")
        sort = ("phasingProgramAttachmentId",)


class PhasingSchema(Schema):
    """A phasing: its steps in order, each after the one before, and its files."""

    phasingAnalysisId = fields.Integer(dump_only=True)
    phasingProgramRunId = fields.Integer(dump_only=True)
    autoProcScalingId = fields.Integer(
        strict=True,
        validate=KEY,
        metadata={"description": "the scaling it uses; by default the first of the document"},
    )
    datasetNumber = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(-(2**31), 2**31 - 1)
    )
    steps = fields.Nested(PhasingStepSchema, many=True, required=True, validate=MANY)
    attachments = fields.Nested(PhasingAttachmentSchema, many=True, validate=MANY)


class ResultScreeningSchema(ScreeningSchema):
    """A screening by the program; by default of the data collection of the document."""

    class Meta(ScreeningSchema.Meta):
        exclude = ("autoProcProgramId",)
        sort = ("screeningId",)

    def _has_parent(self, data, **kwargs):
        """Check nothing: the data collection of the document is the default."""


class ResultProgramSchema(AutoProcProgramSchema):
    """The program of a result; with its key if it was registered before."""

    autoProcProgramId = auto_field(allow_none=True)

    class Meta(AutoProcProgramSchema.Meta):
        dump_only = ("recordTimeStamp",)
        exclude = ("dataCollectionId", "_metadata")


class StoredProgramSchema(ResultProgramSchema):
    """The program with its files and messages; for reading."""

    attachments = fields.Nested(AttachmentSchema, many=True, dump_only=True)
    messages = fields.Nested(MessageSchema, many=True, dump_only=True)

    class Meta(ResultProgramSchema.Meta):
        pass


class StoredLinkSchema(TableSchema):
    """An integration in a scaling; for reading."""

    AutoProcIntegration = fields.Nested(IntegrationSchema, attribute="integration")

    class Meta(TableSchema.Meta):
        model = AutoProcScalingHasInt
        fields = ("AutoProcIntegration",)


class StoredScalingSchema(ScalingSchema):
    """A scaling with the links to its integrations; for reading."""

    links = fields.Nested(StoredLinkSchema, many=True)

    class Meta(ScalingSchema.Meta):
        exclude: ClassVar[tuple[str, ...]] = ("autoProcId", "integrations")


class StoredAutoProcSchema(AutoProcSchema):
    """Symmetry and cell, with stored scalings; for reading."""

    scalings = fields.Nested(StoredScalingSchema, many=True)

    class Meta(AutoProcSchema.Meta):
        pass


class ResultSchema(Schema):
    """A program, its files and messages, and its result."""

    dataCollectionId = fields.Integer(
        strict=True,
        allow_none=True,
        validate=KEY,
        metadata={"description": "of integrations that name none, and of a program without any"},
    )
    program = fields.Nested(ResultProgramSchema, required=True)
    attachments = fields.Nested(AttachmentSchema, many=True, validate=MANY)
    messages = fields.Nested(MessageSchema, many=True, validate=MANY)
    autoProc = fields.Nested(AutoProcSchema, allow_none=True)
    furtherAutoProcs = fields.Nested(
        AutoProcSchema,
        many=True,
        validate=MANY,
        metadata={"description": "results of other symmetry or cell, where there are any"},
    )
    mxmrRuns = fields.Nested(MRRunSchema, many=True, validate=MANY)
    phasing = fields.Nested(PhasingSchema, allow_none=True)
    screenings = fields.Nested(
        ResultScreeningSchema,
        many=True,
        validate=MANY,
        metadata={"description": "those that are stored stay if nothing is said of them"},
    )
    BLSample = fields.Nested(
        NamedSampleSchema,
        many=True,
        dump_only=True,
        metadata={"description": "the samples that its data collections were measured on"},
    )
    warnings = fields.List(
        fields.String(),
        metadata={"description": "what was cut, replaced, dropped or not understood"},
    )

    @post_load
    def _collect_warnings(self, data, **kwargs):
        return {**data, "warnings": [*data.get("warnings", ()), *pop_warnings(data)]}


class ResultQuery(ForceQuery):
    """Defaults of a document."""

    dataCollectionId = fields.Integer(
        validate=KEY,
        metadata={"description": "of integrations that name none, and of a program without any"},
    )
    processingStatus = fields.Integer(
        validate=FINAL, metadata={"description": "if the document says nothing of it"}
    )


def pop_warnings(document: Any, at: str = "") -> list[str]:
    """Remove the warnings from the parts of a loaded document; return them with their places."""
    warnings: list[str] = []
    if isinstance(document, list):
        for number, each in enumerate(document):
            warnings += pop_warnings(each, f"{at}{number}.")
    elif isinstance(document, dict):
        if at:
            warnings += [at + text for text in document.pop("warnings", ())]
        for name, each in document.items():
            if isinstance(each, list | dict) and name != "warnings":
                warnings += pop_warnings(each, f"{at}{name}.")
    return warnings
