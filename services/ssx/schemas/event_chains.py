"""The payloads of event chains."""

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields, validate

from services.ssx.models import Component, Event, EventChain, EventType
from shared.computed import FromChildren
from shared.filters import by_session_id
from shared.schemas import TableSchema

DETECTION, EXPOSURE = "XrayDetection", "XrayExposure"
LASER, TRIGGER = "LaserExcitation", "ReactionTrigger"
PUMPS, PROBES = (LASER, TRIGGER), (DETECTION, EXPOSURE)
MANY = validate.Length(max=1000)


def compute_delay(events: list[dict]) -> float | None:
    """The time from the pump to the probe of ``find_pump_and_probe``, s; None without them.

    It is negative if all pumps are later.
    """
    moments = find_pump_and_probe(events)
    return moments[1] - moments[0] if moments else None


def find_pump_and_probe(events: list[dict]) -> tuple[float, float] | None:
    """The begin of the last pump before the first probe, and of that probe; None without one.

    The pumps are laser pulses and triggers of reactions; the probe is the first X-ray detection,
    without any the first exposure. If all pumps are later, the first of them counts.
    """
    for kind in PROBES:
        if probes := [event["offset"] for event in events if _get_kind(event) == kind]:
            break
    else:
        return None
    probe = min(probes)
    pumps = [begin for each in events for begin in _list_pulses(each, probe)]
    earlier = [begin for begin in pumps if begin <= probe]
    return (max(earlier) if earlier else min(pumps), probe) if pumps else None


def _get_kind(event: dict) -> str | None:
    return (event.get("EventType") or {}).get("name")


def _list_pulses(event: dict, probe: float) -> Iterator[float]:
    """The begin of a pump, and that of its last repeat before ``probe``."""
    if _get_kind(event) not in PUMPS:
        return
    yield event["offset"]
    period, repeats = event["period"] or 0, event["repetition"] or 1
    if period > 0 and repeats > 1 and event["offset"] < probe:
        yield event["offset"] + period * min(
            (probe - event["offset"]) // period, float(int(repeats) - 1)
        )


class EventTypeSchema(TableSchema):
    """A kind of event."""

    class Meta(TableSchema.Meta):
        model = EventType
        search = ("name",)
        sort = ("eventTypeId",)


class ChainEventTypeSchema(TableSchema):
    """The kind of an event of a chain, by its name."""

    class Meta(TableSchema.Meta):
        model = EventType
        dump_only = ("eventTypeId",)


class EventComponentSchema(TableSchema):
    """The reagent of an event."""

    class Meta(TableSchema.Meta):
        model = Component
        fields = ("componentId", "name")


class EventSchema(TableSchema):
    """An event, once or repeated; its kind is named by ``EventType`` or by ``eventTypeId``."""

    eventTypeId = fields.Integer(
        strict=True, metadata={"description": "the kind, in place of EventType"}
    )
    EventType = fields.Nested(ChainEventTypeSchema, attribute="type")
    Component = fields.Nested(EventComponentSchema, attribute="component", dump_only=True)

    class Meta(TableSchema.Meta):
        model = Event
        dump_only = ("eventId",)
        exclude = ("eventChainId",)


class EventChainMetadataSchema(Schema):
    """Values computed from the events of a chain."""

    pumpProbeDelay = FromChildren(
        compute_delay,
        "Event",
        metadata={
            "description": "from the last pump (laser or trigger) before the first X-ray detection"
            " to that, s; negative if all pumps are later"
        },
    )


class EventChainSchema(TableSchema):
    """Events of a serial data collection that belong together, such as pump and probe."""

    Event: Any = fields.Nested(EventSchema, attribute="events", many=True, validate=MANY)
    _metadata = fields.Nested(EventChainMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = EventChain
        dump_only = ("eventChainId",)
        search = ("name",)
        sort = ("-eventChainId",)
        filters = by_session_id(EventChain)
