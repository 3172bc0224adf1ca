"""The payloads of time lines of event chains."""

from marshmallow import Schema, fields

from services.ssx.models import Event, EventChain
from services.ssx.schemas.event_chains import ChainEventTypeSchema
from shared.schemas import TableSchema

MOST_CHAINS = 50  # of a run
MOST_SPANS = 10  # of an event


class TimelineEventSchema(TableSchema):
    """An event as it is stored."""

    EventType = fields.Nested(ChainEventTypeSchema, attribute="type")

    class Meta(TableSchema.Meta):
        model = Event
        exclude = ("eventChainId", "eventTypeId", "componentId")


class TimelineChainSchema(TableSchema):
    """An event chain as it is stored."""

    Event = fields.Nested(TimelineEventSchema, attribute="events", many=True)

    class Meta(TableSchema.Meta):
        model = EventChain
        sort = ("eventChainId",)


# The times are computed of the rows above: these payloads have no table.
TimedEventSchema = Schema.from_dict(
    {
        **TimelineEventSchema().fields,
        "end": fields.Float(metadata={"description": "end of the last repeat, s"}),
        "spans": fields.List(
            fields.List(fields.Float()),
            metadata={"description": f"begin and end of the first {MOST_SPANS} repeats, s"},
        ),
    },
    name="SsxTimedEventSchema",
)


def _time(meaning: str) -> fields.Float:
    return fields.Float(allow_none=True, metadata={"description": f"{meaning}, s"})


# All times are after the start of the data collection.
ChainTimelineSchema = Schema.from_dict(
    {
        **TimelineChainSchema(exclude=("Event",)).fields,
        "Event": fields.List(fields.Nested(TimedEventSchema)),
        "begin": _time("of the first event"),
        "end": _time("of the last repeat"),
        "pump": _time("begin of the last pump before the probe"),
        "probe": _time("begin of the first detection, or exposure"),
        "pumpProbeDelay": _time("from pump to probe"),
    },
    name="SsxChainTimelineSchema",
)


class RunTimelineSchema(Schema):
    """The time lines of the event chains of a run."""

    dataCollectionId = fields.Integer()
    total = fields.Integer(metadata={"description": "number of event chains of the run"})
    EventChain = fields.List(
        fields.Nested(ChainTimelineSchema),
        metadata={"description": f"the first {MOST_CHAINS} event chains"},
    )
