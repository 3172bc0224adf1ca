"""Tables of serial crystallography."""

from services.ssx.models.components import Component, CrystalComposition, SampleComposition
from services.ssx.models.data_collections import SSXDataCollection
from services.ssx.models.events import Event, EventChain, EventType

__all__ = [
    "Component",
    "CrystalComposition",
    "Event",
    "EventChain",
    "EventType",
    "SSXDataCollection",
    "SampleComposition",
]
