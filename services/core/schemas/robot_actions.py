"""What an action of a sample changer looks like on the wire."""

from marshmallow_sqlalchemy import auto_field

from services.core.models import RobotAction
from services.core.schemas.records import RecordSchema, SessionFilters, of_session
from shared.lists import query_of


class RobotActionSchema(RecordSchema):
    """Something the sample changer did."""

    endTimestamp = auto_field(allow_none=True)

    class Meta(RecordSchema.Meta):
        model = RobotAction
        dump_only = ("robotActionId",)
        search = ("message", "sampleBarcode")
        sort = ("-robotActionId",)
        conditions = of_session(RobotAction.blsessionId)


class RobotActionQuery(query_of(RobotActionSchema), SessionFilters):
    """The filters of the list."""
