"""The payloads of the steps of programs."""

from marshmallow import validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select

from services.core.models import AutoProcIntegration, AutoProcStatus
from services.core.schemas.processing.programs import KEY, TidySchema, answer_of
from shared.filters import Filter
from shared.schemas import TableSchema


class StatusHistorySchema(TidySchema):
    """A step of a program: launched, successful or failed."""

    free_text = ("comments",)

    autoProcIntegrationId = auto_field(
        required=False,
        validate=[KEY],
        metadata={"description": "is needed if the program has several integrations"},
    )
    comments = auto_field(validate=[validate.Length(max=1024)])

    class Meta(TableSchema.Meta):
        model = AutoProcStatus
        dump_only = ("autoProcStatusId", "bltimeStamp")
        search = ("comments",)
        sort = ("autoProcStatusId",)
        filters = {
            "parent": Filter(
                AutoProcStatus.autoProcIntegrationId.in_(
                    select(AutoProcIntegration.autoProcIntegrationId).where(
                        AutoProcIntegration.autoProcProgramId == bindparam("parent")
                    )
                )
            )
        }


StatusHistoryAnswerSchema = answer_of(StatusHistorySchema)
