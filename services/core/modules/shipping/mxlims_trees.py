"""The document of a whole shipment that an MXLIMS message describes."""

import json
from functools import cache

from marshmallow import Schema, ValidationError

from services.core.modules.shipping.containers import get_types
from services.core.modules.shipping.mxlims_documents import Message, MxlimsObject, get_drops
from services.core.modules.shipping.mxlims_parties import Parties
from services.core.modules.shipping.mxlims_paths import DocumentPaths
from services.core.modules.shipping.mxlims_samples import (
    SampleDocuments,
    drop_absent,
    fit_notes,
    get_loadable,
)
from services.core.modules.shipping.tree_rows import Faults, Path
from services.core.schemas.shipping.shipment_trees import (
    ShipmentTreeSchema,
    TreeContainerSchema,
    TreeDewarSchema,
)
from services.core.schemas.shipping.shipments import ShipmentSchema
from shared.errors import BadInput
from shared.models import ContainerType

SOURCE = "MXLIMS"
PUCK = {"containerType": "Puck", "capacity": 16}  # one without a type and a number of places
CODE_LENGTH = 20  # of a registered item
NOT_STORED = "has nothing in it: it is in messages, and in no list of samples"


class ShipmentDocument:
    """The document of the shipment of a message, and the paths in the message of its parts.

    ``rows`` are the stored rows of its objects as they are shown, by uuid; that of the parcel of
    a plate by ``get_parcel_name``. A member that the message lacks keeps its value in them.
    """

    def __init__(self, message: Message, parties: Parties, rows: dict[str, dict]):
        self.message, self._parties, self._rows = message, parties, rows
        self.paths, self._faults = DocumentPaths(), Faults()
        self.warnings = parties.warnings
        self._samples = SampleDocuments(message, rows, self.paths, self.warnings)
        self._document = self._build()
        self._faults.raise_any()

    def load(self) -> dict:
        """The document as trees of shipments are loaded; BadInput with paths of the message."""
        try:
            return _get_schema().load(self._document)
        except ValidationError as error:
            reasons = BadInput("invalid input", error.normalized_messages())
            raise self.paths.translate(reasons) from error

    def _build(self) -> dict:
        shipment, parties = self.message.shipment, self._parties
        self.paths.add((), shipment.path)
        stored = self._get_stored(shipment, ShipmentSchema)
        columns = {
            "proposalId": parties.proposal_id,
            "shippingName": shipment["name"],
            "source": SOURCE,
            "comments": fit_notes(shipment, ShipmentSchema, self.warnings, parties.notes),
            "extra": _add_device(stored, shipment),
            **parties.contacts,
        }
        dewars: list[dict] = []
        for each in self.message.get_all("Dewar"):
            dewars.append(self._build_dewar(each, ("Dewar", len(dewars))))
        for each in self.message.get_all("Plate"):
            dewars.append(self._build_parcel(each, ("Dewar", len(dewars))))
        self._check_codes()
        default = {"shippingName": parties.default_name}
        return {**default, **stored, **drop_absent(columns), "Dewar": dewars}

    def _build_dewar(self, dewar: MxlimsObject, path: Path) -> dict:
        self.paths.add(path, dewar.path)
        stored, barcode = self._get_stored(dewar, TreeDewarSchema), dewar["barcode"]
        columns = {
            "code": get_code(dewar),
            "type": "Dewar",
            "firstExperimentId": self._parties.session_id,
            "comments": fit_notes(dewar, TreeDewarSchema, self.warnings),
            "extra": _add_device(stored, dewar),
        }
        if barcode:
            key = self._parties.dewars.get(barcode.lower())
            columns["dewarRegistryId"] = self._note_registered(dewar, key)
            columns["facilityCode"] = barcode if len(barcode) <= CODE_LENGTH else None
        containers: list[dict] = []
        for puck in dewar.inside:
            containers.append(self._build_puck(puck, (*path, "Container", len(containers))))
        return {**stored, **drop_absent(columns), "Container": containers}

    def _build_puck(self, puck: MxlimsObject, path: Path) -> dict:
        self.paths.add(path, puck.path)
        stored = self._get_stored(puck, TreeContainerSchema)
        columns = {
            "code": get_code(puck),
            "containerType": puck["puckType"],
            "capacity": puck["numberPositions"],
            "comments": fit_notes(puck, TreeContainerSchema, self.warnings),
        }
        if barcode := puck["barcode"]:
            key = self._parties.containers.get(barcode.lower())
            columns["containerRegistryId"] = self._note_registered(puck, key)
        samples: list[dict] = []
        for pin in puck.inside:
            place = {"location": f"{pin['positionInPuck']}", "code": pin["barcode"]}
            if pin.kind == "Pin":
                place |= {"loopType": pin["loopType"], "holderLength": pin["holderLength"]}
                self._add_sample(pin, place, samples, path)
            elif not pin.inside:
                self.warnings.append(f"{pin.name} {NOT_STORED}")
            for position in pin.inside if pin.kind == "MultiPin" else ():
                place = {**place, "subLocation": position["positionInPin"]}
                self._add_sample(position, place, samples, path)
        default = {} if puck["puckType"] else PUCK
        return {**default, **stored, **drop_absent(columns), "BLSample": samples}

    def _build_parcel(self, plate: MxlimsObject, path: Path) -> dict:
        """The parcel that is made for a plate: containers of ISPyB travel in dewars or parcels."""
        self.paths.add(path, plate.path)
        self.paths.add(place := (*path, "Container", 0), plate.path)
        shape = plate["plateType"]
        stored = self._get_stored(plate, TreeContainerSchema)
        parcel = get_loadable(TreeDewarSchema, self._rows.get(get_parcel_name(plate.uuid)))
        columns = {
            "code": get_code(plate),
            "barcode": plate["barcode"],
            "containerType": self._choose_type(plate),
            "capacity": count_places(shape),
            "comments": fit_notes(plate, TreeContainerSchema, self.warnings),
        }
        samples: list[dict] = []
        for well in plate.inside:
            if not well.inside:
                self.warnings.append(f"{well.name} {NOT_STORED}")
            for drop in well.inside:
                self._add_sample(
                    drop, {"location": f"{number_drop(plate, well, drop)}"}, samples, place
                )
        around = {
            "code": get_code(plate),
            "type": "Parcel",
            "firstExperimentId": self._parties.session_id,
            "extra": _add_device(parcel, plate),
        }
        container = {**stored, **drop_absent(columns), "BLSample": samples}
        return {**parcel, **drop_absent(around), "Container": [container]}

    def _add_sample(self, holder: MxlimsObject, place: dict, samples: list, path: Path) -> None:
        at = (*path, "BLSample", len(samples))
        samples.append(self._samples.build(holder, place, at))

    def _get_stored(self, each: MxlimsObject, schema: type[Schema]) -> dict:
        return get_loadable(schema, self._rows.get(each.uuid))

    def _choose_type(self, plate: MxlimsObject) -> str | None:
        """The kind of a plate at this site: by its name, else by its rows, columns and drops."""
        shape, types = plate["plateType"], get_types()
        if row := types.get((shape.get("name") or "").lower()):
            return row.name
        for row in types.values():
            if (row.capacity, row.wellPerRow) == (count_places(shape), shape["numberColumns"]):
                return row.name
        kinds = ", ".join(sorted(row.name for row in types.values() if is_plate(row) and row.name))
        reason = (
            f"Must be a kind of plate of this site, by its name or geometry: {kinds or 'none'}."
        )
        self._faults.add((*plate.path, "plateType"), reason)
        return None

    def _check_codes(self) -> None:
        """Add faults for dewars, or pucks and plates, of which two have one code."""
        for kinds in (("Dewar",), ("Puck", "Plate")):
            taken: dict[str, MxlimsObject] = {}
            for each in (each for kind in kinds for each in self.message.get_all(kind)):
                other = taken.setdefault(get_code(each).lower(), each)
                if other is not each:
                    reason = (
                        f"{other.name} has this name, or it for want of one: {get_code(each)}."
                    )
                    self._faults.add((*each.path, "name"), reason)

    def _note_registered(self, each: MxlimsObject, key: int | None) -> int | None:
        """The key of a registered item; without one, a warning."""
        if key is None:
            self.warnings.append(
                f"{each.name}.barcode: {each['barcode'][:45]} is not registered for the proposal"
            )
        return key


@cache
def _get_schema() -> Schema:
    return ShipmentTreeSchema()


def _add_device(stored: dict, each: MxlimsObject) -> str | None:
    """The JSON of the column ``extra`` with the tracking device of an object, if it has one."""
    if not each["trackingDevice"]:
        return None
    extra = json.loads(stored.get("extra") or "{}")
    extra = extra if isinstance(extra, dict) else {"extra": extra}
    return json.dumps({**extra, "trackingDevice": each["trackingDevice"]})  # in ASCII


def get_code(each: MxlimsObject) -> str:
    """The code of a dewar, puck or plate."""
    return each["name"] or each["barcode"] or each.name


def get_parcel_name(uuid: str) -> str:
    """The name of the parcel of a plate among rows by uuid."""
    return f"parcel of {uuid}"


def is_plate(row: ContainerType) -> bool:
    """Whether a kind of container has wells."""
    return bool(row.wellPerRow)


def count_places(shape: dict) -> int:
    """The number of drops of a plate of a type."""
    return shape["numberRows"] * shape["numberColumns"] * shape["numberSubPositions"]


def number_drop(plate: MxlimsObject, well: MxlimsObject, drop: MxlimsObject) -> int:
    """The place of a drop in its plate: drop by drop, column by column, row by row from 1."""
    shape = plate["plateType"]
    wells = (well["rowNumber"] - 1) * shape["numberColumns"] + well["columnNumber"] - 1
    position = get_drops(shape).index(f"{drop['dropNumber']}") + 1
    return wells * shape["numberSubPositions"] + position
