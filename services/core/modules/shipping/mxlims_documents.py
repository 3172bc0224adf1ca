"""The objects of an MXLIMS message, and the checks that its schemas do not make."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from services.core.modules.shipping.tree_rows import Faults, Path
from services.core.schemas.shipping.mxlims_messages import CLASSES
from shared.errors import BadInput

PARENTS = {
    "Dewar": "Shipment",
    "Puck": "Dewar",
    "Pin": "Puck",
    "MultiPin": "Puck",
    "PinPosition": "MultiPin",
    "Plate": "Shipment",
    "PlateWell": "Plate",
    "WellDrop": "PlateWell",
    "DropRegion": "WellDrop",
    "Crystal": "Pin, PinPosition or DropRegion",
}  # the classes of objects that must be in another one
HOLDERS = ("Pin", "PinPosition", "WellDrop")  # each has one sample
SUBSTANCES = ("Macromolecule", "Medium", "MacromoleculeSample")
PLACES = {
    "Pin": ("positionInPuck",),
    "MultiPin": ("positionInPuck",),
    "PinPosition": ("positionInPin",),
    "PlateWell": ("rowNumber", "columnNumber"),
    "WellDrop": ("dropNumber",),
}
MISSING = "Missing data for required field."


@dataclass(eq=False)
class MxlimsObject:
    """An object of a message, with its name there, as Pin1; ``inside`` are those in it."""

    kind: str
    name: str
    data: dict
    uuid: str = ""
    inside: "list[MxlimsObject]" = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The path of the object in the message."""
        return self.kind, self.name

    def __getitem__(self, name: str) -> Any:
        return self.data.get(name)


class Message:
    """A message that its schemas accept."""

    def __init__(self, document: dict):
        self.objects = {
            (kind, name): MxlimsObject(kind, name, data)
            for kind in CLASSES
            for name, data in document.get(kind, {}).items()
        }
        shipments = self.get_all("Shipment")
        if len(shipments) != 1:
            raise BadInput("invalid input", {"Shipment": ["Must be one shipment."]})
        (self.shipment,) = shipments
        self._name(document)
        for each in self.objects.values():
            if parent := self.follow(each, "containerRef"):
                parent.inside.append(each)

    def _name(self, document: dict) -> None:
        """Give objects without uuid one that they have in each copy of the message."""
        content = {kind: document[kind] for kind in CLASSES if kind in document}
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
        uuid = self.shipment["uuid"] or str(uuid5(NAMESPACE_URL, text))
        for each in self.objects.values():
            each.uuid = each["uuid"] or str(uuid5(UUID(uuid), f"{each.kind}/{each.name}"))
        self.shipment.uuid = uuid

    def get_all(self, kind: str) -> list[MxlimsObject]:
        """The objects of a class."""
        return [each for each in self.objects.values() if each.kind == kind]

    def follow(self, each: MxlimsObject, link: str) -> MxlimsObject | None:
        """The object that ``link`` of another one refers to, if it is there."""
        reference = each[link]
        return self._resolve(reference["$ref"]) if reference else None

    def follow_all(self, each: MxlimsObject, link: str) -> list[MxlimsObject]:
        """The objects that the list ``link`` of another one refers to."""
        targets = [self._resolve(reference["$ref"]) for reference in each[link] or ()]
        return [target for target in targets if target]

    def _resolve(self, reference: str) -> MxlimsObject | None:
        _, kind, name = reference.split("/")
        return self.objects.get((kind, name))

    def get_content(self, each: MxlimsObject) -> dict:
        """The members of an object, with references by uuid in place of names."""
        return rename_references(each.data, self._get_uuid)

    def _get_uuid(self, reference: str) -> str | None:
        target = self._resolve(reference)
        return target.uuid if target else None

    @cached_property
    def holders(self) -> list[MxlimsObject]:
        """The objects that have a sample each."""
        return [each for each in self.objects.values() if each.kind in HOLDERS]

    def get_below(self, each: MxlimsObject) -> list[MxlimsObject]:
        """The object itself, and those in it."""
        return [each, *(lower for inner in each.inside for lower in self.get_below(inner))]

    def get_sample(self, holder: MxlimsObject) -> MxlimsObject | None:
        """The sample in a pin, a position or a drop; a crystal in it may name it."""
        samples = (self.follow(each, "sampleRef") for each in self.get_below(holder))
        return next((sample for sample in samples if sample), None)

    def check(self) -> None:
        """Raise BadInput with the path of each fault that the schemas do not know of."""
        faults = Faults()
        numbers = Counter(each.uuid for each in self.objects.values())
        for each in [*self.objects.values()]:
            if not re.fullmatch(f"{each.kind}[1-9][0-9]*", each.name):
                reason = f"Must be {each.kind}1, {each.kind}2, …: else no reference can name it."
                faults.add(each.path, reason)
                del self.objects[each.path]  # so that it has one fault
        for each in self.objects.values():
            for path, reference in _list_references(each.data):
                if self._resolve(reference) is None:
                    faults.add((*each.path, *path), f"{reference} is not in the message.")
            if numbers[each.uuid] > 1:
                faults.add((*each.path, "uuid"), "Two objects have this uuid.")
            if each.kind in PARENTS and not each["containerRef"]:
                faults.add((*each.path, "containerRef"), f"Must name a {PARENTS[each.kind]}.")
        self._check_places(faults)
        self._check_samples(faults)
        faults.raise_any()

    def _check_places(self, faults: Faults) -> None:
        """Add faults for places that are missing, outside of their container or taken."""
        for plate in self.get_all("Plate"):
            if not plate["plateType"]:
                faults.add((*plate.path, "plateType"), MISSING)
        taken: Counter[tuple] = Counter()
        placed = []
        for each in self.objects.values():
            parent = self.follow(each, "containerRef")
            if each.kind not in PLACES or parent is None:
                continue
            limits = self._get_limits(each, parent)
            for name, limit in zip(PLACES[each.kind], limits):
                if each[name] is None:
                    faults.add((*each.path, name), MISSING)
                elif limit is not None and each[name] > limit:
                    faults.add((*each.path, name), f"Must be a place from 1 to {limit}.")
            place = (parent.path, *(each[name] for name in PLACES[each.kind]))
            if None not in place:
                taken[place] += 1
                placed.append((each, place))
        for each, place in placed:
            if taken[place] > 1:
                name = PLACES[each.kind][0]
                faults.add((*each.path, name), f"Two objects are at this place of {place[0][1]}.")

    def _get_limits(self, each: MxlimsObject, parent: MxlimsObject) -> tuple[int | None, ...]:
        """The largest values of the members that are the place of an object."""
        if each.kind in ("PlateWell", "WellDrop"):
            plate = parent if each.kind == "PlateWell" else self.follow(parent, "containerRef")
            shape = plate["plateType"] if plate else None
            if not shape:
                return (None, None)
            if each.kind == "PlateWell":
                return shape["numberRows"], shape["numberColumns"]
            return (min(shape["numberSubPositions"], len(get_drops(shape))),)
        return (parent["numberPositions"],)

    def _check_samples(self, faults: Faults) -> None:
        """Add faults for places without a sample, and for samples without name or substance."""
        samples = {}
        for holder in self.holders:
            if sample := self.get_sample(holder):
                samples[sample.path] = sample
            elif not any(each["sampleRef"] for each in self.get_below(holder)):
                faults.add((*holder.path, "sampleRef"), "Must name a MacromoleculeSample.")
        for sample in samples.values():
            for name in ("name", "parentSampleRef"):
                if not sample[name]:
                    faults.add((*sample.path, name), MISSING)


def get_drops(shape: dict) -> str:
    """The numbers of the drops of a well of a plate, in the order of their places."""
    return "".join(re.findall(r"\d", shape["dropMapping"]))


def rename_references(data: dict, rename: Callable[[str], str | None]) -> dict:
    """The members of an object with each reference renamed; None leaves one out."""
    renamed = dict(data)
    for name, value in data.items():
        if name.endswith("Ref"):
            targets = [rename(value["$ref"])]
        elif name.endswith("Refs"):
            targets = [rename(each["$ref"]) for each in value]
        else:
            continue
        references = [{"$ref": target} for target in targets if target is not None]
        renamed[name] = references if name.endswith("Refs") else next(iter(references), None)
    return {name: value for name, value in renamed.items() if value not in (None, [])}


def _list_references(data: dict) -> Iterator[tuple[Path, str]]:
    """The references of an object, with their paths in it."""
    for name, value in data.items():
        if name.endswith("Ref"):
            yield (name,), value["$ref"]
        elif name.endswith("Refs"):
            yield from (((name, at), each["$ref"]) for at, each in enumerate(value))
