"""The writer of MXLIMS messages: objects by uuid, which get their names at the end."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.core.modules.shipping.mxlims_documents import HOLDERS, rename_references
from services.core.modules.shipping.mxlims_objects import Stored, build_uuid, get_domain
from services.core.schemas.shipping.mxlims_messages import CLASSES, VERSION

ANCHORS = {
    "Crystal": "containerRef",
    "DropRegion": "containerRef",
    "MxExperiment": "logisticalSampleRef",
    "MxProcessing": "logisticalSampleRef",
}  # the links of objects that are shown with the object that they name
PLACED = ("MultiPin", "PlateWell")  # without a row, and shown as places of samples only


class MessageWriter:
    """The objects of a message by uuid, each with its class; references are by uuid too.

    ``stored`` are the objects of the shipment that were sent. ``holders`` are the uuids of
    pin, position or drop, and of what is in it, by the keys of samples; ``plans`` the diffraction
    plans that no message had.
    """

    def __init__(self, stored: list[Stored]):
        self.objects: dict[str, tuple[str, dict]] = {}
        self.holders: dict[int, tuple[str, str]] = {}
        self.plans: dict[int, dict] = {}
        self.domain = get_domain()
        self.stored = {each.uuid: each for each in stored}
        self.by_row = {(each.kind, each.table, each.key): each for each in stored}
        self._inside: dict[str | None, list[str]] = defaultdict(list)
        for each in stored:
            self._inside[get_link(each.content, "containerRef")].append(each.uuid)

    def add(
        self, kind: str, table: str, key: Any, members: dict, sent: Stored | None = None
    ) -> str:
        """Add the object of a row; return its uuid. ``members`` replace those that were sent."""
        sent = sent or self.by_row.get((kind, table, key))
        uuid = sent.uuid if sent else build_uuid(table, key)
        content = {**(sent.content if sent else {}), **members, "mxlimsType": kind, "uuid": uuid}
        named = {**content.get("identifiers", {}), self.domain: f"{table}:{key}"}
        self._put(uuid, kind, {**content, "identifiers": named})
        return uuid

    def add_sent(self, sent: Stored, members: dict | None = None) -> None:
        """Add an object as it was sent, with other ``members``."""
        self._put(sent.uuid, sent.kind, {**sent.content, **(members or {}), "uuid": sent.uuid})

    def _put(self, uuid: str, kind: str, content: dict) -> None:
        self.objects[uuid] = kind, {n: v for n, v in content.items() if v is not None}

    def find_holder(self, sample_id: int) -> Stored | None:
        """The pin, position or drop that was sent for a sample."""
        sent = (self.by_row.get((kind, "BLSample", sample_id)) for kind in HOLDERS)
        return next((each for each in sent if each), None)

    def find_sample(self, sent: Stored) -> Stored | None:
        """The sample that was sent with a pin, position or drop; a crystal in it may name it."""
        own = self.stored.get(get_link(sent.content, "sampleRef") or "")
        inside = (self.find_sample(self.stored[uuid]) for uuid in self._inside[sent.uuid])
        return own or next((each for each in inside if each), None)

    def get_links(self, sample_id: int) -> dict:
        """The links of a job to the pin, position or drop of a sample, and to what is in it."""
        holder, sample = self.holders[sample_id]
        return {"logisticalSampleRef": make_link(holder), "sampleRef": make_link(sample)}

    def finish(self) -> dict:
        """The message, with the stored objects that it refers to, or that are of its samples."""
        self._add_stored()
        numbers = dict.fromkeys(CLASSES, 0)
        message: dict[str, Any] = {"version": VERSION}
        paths = {}
        for kind in CLASSES:
            for uuid in (uuid for uuid, each in self.objects.items() if each[0] == kind):
                numbers[kind] += 1
                paths[uuid] = f"#/{kind}/{kind}{numbers[kind]}"
        for uuid, path in paths.items():
            _, kind, name = path.split("/")
            content = rename_references(self.objects[uuid][1], paths.get)
            message.setdefault(kind, {})[name] = content
        return message

    def _add_stored(self) -> None:
        """Add sent objects without a row: who sees the objects that they belong to, sees them."""
        waiting = {
            uuid: each
            for uuid, each in self.stored.items()
            if uuid not in self.objects and each.table is None and each.kind not in PLACED
        }
        while True:
            linked = {
                uuid for _, content in self.objects.values() for uuid in _list_links(content)
            }
            added = [
                each
                for uuid, each in waiting.items()
                if uuid in linked or get_link(each.content, ANCHORS.get(each.kind)) in self.objects
            ]
            for each in added:
                self.add_sent(waiting.pop(each.uuid))
            if not added:
                return


def get_link(content: dict, name: str | None) -> str | None:
    """The uuid that a link of an object names."""
    reference = content.get(name) if name else None
    return reference["$ref"] if reference else None


def make_link(uuid: str | None) -> dict | None:
    """A link to the object with ``uuid``."""
    return {"$ref": uuid} if uuid else None


def _list_links(content: dict) -> Iterator[str]:
    for name, value in content.items():
        if name.endswith("Ref"):
            yield value["$ref"]
        elif name.endswith("Refs"):
            yield from (each["$ref"] for each in value)


def is_positive(value: Any) -> bool:
    """Whether ``value`` is a number above 0, as messages require of most."""
    return value is not None and value > 0


def get_positive(value: Any) -> Any:
    """A number above 0, else None."""
    return value if is_positive(value) else None


def write_moment(moment: datetime | None) -> str | None:
    """A local time, as ISPyB stores it, with its offset."""
    return moment.astimezone().isoformat() if moment else None
