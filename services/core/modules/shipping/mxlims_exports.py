"""Stored shipments as MXLIMS messages: rows of ISPyB, and members that only the message had."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from services.core.modules.shipping import mxlims_objects, shipment_trees
from services.core.modules.shipping.mxlims_documents import PLACES, get_drops
from services.core.modules.shipping.mxlims_objects import Stored
from services.core.modules.shipping.mxlims_parties import CONTACTS
from services.core.modules.shipping.mxlims_plans import build_experiment, build_sweep
from services.core.modules.shipping.mxlims_samples import NOTE
from services.core.modules.shipping.mxlims_writer import (
    PLACED,
    MessageWriter,
    get_link,
    make_link,
)
from services.core.modules.shipping.plate_wells import Wells
from shared import visibility
from shared.db import db
from shared.identity import Identity
from shared.models import BLSubSample, LabContact, Person, Proposal
from shared.names import build_proposal_name


def build_message(identity: Identity, key: int) -> MessageWriter:
    """The message of a visible shipment, to which results may be added."""
    tree = shipment_trees.get(identity, key)
    writer = MessageWriter(mxlims_objects.load(key))
    shipment = _add_shipment(writer, tree)
    export = _Export(writer, tree)
    for dewar in tree["Dewar"]:
        export.add_dewar(dewar, shipment)
    _add_subsamples(identity, writer)
    return writer


def _add_shipment(writer: MessageWriter, tree: dict) -> str:
    proposal = db.session.get(Proposal, tree["proposalId"])
    assert proposal is not None
    sessions = [row["BLSession"] for row in tree["Dewar"] if row["BLSession"]]
    members = {
        "proposalCode": build_proposal_name(proposal.proposalCode, proposal.proposalNumber) or "",
        "name": tree["shippingName"],
        "annotation": _get_annotation(tree),
    }
    if number := next((row["visit_number"] for row in sessions if row["visit_number"]), None):
        members["sessionNumber"] = number
    contacts = _read_contacts([tree[column] for column in CONTACTS.values()])
    members |= {m: contacts[tree[c]] for m, c in CONTACTS.items() if tree[c] in contacts}
    return writer.add("Shipment", "Shipping", tree["shippingId"], members)


def _read_contacts(keys: list[int | None]) -> dict[int, dict]:
    """The contacts with these keys that have an address or a number, as messages show them."""
    statement = (
        select(
            *(LabContact.labContactId, LabContact.cardName, Person.givenName),
            *(Person.familyName, Person.emailAddress, Person.phoneNumber),
        )
        .join(Person, Person.personId == LabContact.personId)
        .where(LabContact.labContactId.in_([key for key in keys if key is not None]))
    )
    contacts = {}
    for key, card, given, family, email, phone in db.session.execute(statement):
        contact = {"name": f"{given or ''} {family or ''}".strip() or card}
        contact |= {"emailAddress": email} if email else {}
        contact |= {"phoneNumber": phone} if phone else {}
        if len(contact) > 1:
            contacts[key] = contact
    return contacts


class _Export:
    """Adds the dewars, pucks, plates and samples of a tree to a message."""

    def __init__(self, writer: MessageWriter, tree: dict):
        self._writer = writer
        self._places = {
            (each.kind, get_link(each.content, "containerRef"), *_get_place(each)): each
            for each in writer.stored.values()
            if each.kind in PLACED
        }
        rows = [
            row
            for dewar in tree["Dewar"]
            for container in _list_containers(dewar)
            for row in container["BLSample"]
        ]
        crystals = [row["Crystal"] for row in rows if row["Crystal"]]
        keys = {crystal["Protein"]["proteinId"] for crystal in crystals if crystal["Protein"]}
        self._substances = mxlims_objects.find_proteins(keys)
        self._samples: dict[int, Stored] = {}
        for row in rows:
            holder = writer.find_holder(row["blSampleId"])
            if holder and (sample := writer.find_sample(holder)):
                self._samples[row["blSampleId"]] = sample
        self._users = Counter(sample.uuid for sample in self._samples.values())

    def add_dewar(self, dewar: dict, shipment: str) -> None:
        """Add a dewar with its pucks; the plates in it are in the shipment."""
        containers = [*_list_containers(dewar)]
        plates = [row for row in containers if self._is_plate(row)]
        for plate in plates:
            self._add_plate(plate, shipment)
        if plates and plates == containers:  # their parcel, for which messages have no object
            return
        members = {
            "name": dewar["code"],
            "annotation": _get_annotation(dewar),
            "containerRef": make_link(shipment),
        }
        if dewar["facilityCode"]:
            members["barcode"] = dewar["facilityCode"]
        uuid = self._writer.add("Dewar", "Dewar", dewar["dewarId"], members)
        for puck in containers:
            if puck not in plates:
                self._add_puck(puck, uuid)

    def _is_plate(self, row: dict) -> bool:
        sent = self._writer.by_row.get(("Plate", "Container", row["containerId"]))
        return bool(sent or (row["ContainerType"] and row["ContainerType"]["wellPerRow"]))

    def _add_puck(self, puck: dict, dewar: str) -> None:
        members = {
            "name": puck["code"],
            "puckType": puck["containerType"],
            "numberPositions": puck["capacity"] or None,
            "annotation": _get_annotation(puck),
            "containerRef": make_link(dewar),
        }
        if puck["barcode"]:
            members["barcode"] = puck["barcode"]
        uuid = self._writer.add("Puck", "Container", puck["containerId"], members)
        sizes: Counter[int | None] = Counter()
        for row in puck["BLSample"]:
            position = _as_position(row["location"])
            sizes[position] = max(sizes[position], row["subLocation"] or 0)
        for row in puck["BLSample"]:
            position = _as_position(row["location"])
            pin = {"positionInPuck": position, "barcode": row["code"]}
            if row["subLocation"] and position:
                sent = self._places.get(("MultiPin", uuid, position))
                least = sent.content["numberPositions"] if sent else 0
                pin |= {"numberPositions": max(sizes[position], least)}
                pin |= {"containerRef": make_link(uuid)}
                key = f"{puck['containerId']}:{position}"
                multipin = self._writer.add("MultiPin", "MultiPin", key, pin, sent)
                self._add_holder("PinPosition", row, multipin, positionInPin=row["subLocation"])
            else:
                pin |= {"loopType": row["loopType"], "holderLength": row["holderLength"]}
                self._add_holder("Pin", row, uuid, **pin)

    def _add_plate(self, plate: dict, shipment: str) -> None:
        sent = self._writer.by_row.get(("Plate", "Container", plate["containerId"]))
        shape = sent.content["plateType"] if sent else _describe_type(plate)
        members = {
            "name": plate["code"],
            "barcode": plate["barcode"],
            "annotation": _get_annotation(plate),
            "plateType": shape,
            "containerRef": make_link(shipment),
        }
        uuid = self._writer.add("Plate", "Container", plate["containerId"], members)
        drops = get_drops(shape)
        for row in plate["BLSample"]:
            if (location := _as_position(row["location"])) is None:
                continue
            number, drop = divmod(location - 1, shape["numberSubPositions"])
            place = [1 + part for part in divmod(number, shape["numberColumns"])]
            well = dict(zip(PLACES["PlateWell"], place), containerRef=make_link(uuid))
            sent = self._places.get(("PlateWell", uuid, *place))
            key = f"{plate['containerId']}:{number + 1}"
            around = self._writer.add("PlateWell", "PlateWell", key, well, sent)
            digit = int(drops[drop]) if drop < len(drops) else drop + 1
            self._add_holder("WellDrop", row, around, dropNumber=digit)

    def _add_holder(self, kind: str, row: dict, container: str, **members: Any) -> None:
        """Add the pin, position or drop of a sample, with the sample, its crystal and its plan."""
        key, writer = row["blSampleId"], self._writer
        sample = self._add_sample(row)
        links = {"sampleRef": make_link(sample)}
        members |= {"annotation": _get_annotation(row), "containerRef": make_link(container)}
        uuid = writer.add(kind, "BLSample", key, {**members, **links})
        writer.holders[key] = uuid, sample
        if crystal := writer.by_row.get(("Crystal", "BLSample", key)):
            writer.add_sent(crystal, {**links, "containerRef": make_link(uuid)})
        if plan_id := row["diffractionPlanId"]:
            if sent := writer.by_row.get(("MxExperiment", "DiffractionPlan", plan_id)):
                _add_plan(writer, sent, row["DiffractionPlan"])
            else:
                writer.plans[key] = row["DiffractionPlan"]

    def _add_sample(self, row: dict) -> str:
        """Add the sample in a pin, a position or a drop, with its substance; return its uuid."""
        sent = self._samples.get(row["blSampleId"])
        members: dict[str, Any] = {}
        if row["Crystal"] and row["Crystal"]["Protein"]:
            members["parentSampleRef"] = make_link(self._add_substance(row["Crystal"]["Protein"]))
        if sent is None or self._users[sent.uuid] == 1:
            members["name"] = row["name"]
        if sent is None and row["Ligand"]:
            parts = [{"name": each["name"], "smiles": each["SMILES"]} for each in row["Ligand"]]
            members["components"] = [
                {"role": "ligand", **{n: v for n, v in part.items() if v}} for part in parts
            ]
        kind = "MacromoleculeSample"
        return self._writer.add(kind, kind, row["blSampleId"], members, sent)

    def _add_substance(self, protein: dict) -> str:
        key = protein["proteinId"]
        members = {"acronym": protein["acronym"] or f"protein {key}"}
        members |= {"name": protein["name"]} if protein["name"] else {}
        sent = self._substances.get(key)
        return self._writer.add("Macromolecule", "Protein", key, members, sent)


def _add_plan(writer: MessageWriter, sent: Stored, plan: dict) -> None:
    """Add the experiment that was sent for a plan, and its sweep, with the values of the plan."""
    members, strategy = build_experiment(plan), sent.content.get("experimentStrategy", "")
    if members.get("experimentStrategy", "").lower() == strategy.lower():
        members.pop("experimentStrategy", None)  # it stays as it was spelled
    writer.add(sent.kind, "DiffractionPlan", sent.key, members, sent)
    for reference in sent.content.get("templateDataRefs", ())[:1]:
        if sweep := writer.stored.get(reference["$ref"]):
            writer.add_sent(sweep, build_sweep(plan))


def _add_subsamples(identity: Identity, writer: MessageWriter) -> None:
    """Add the regions and crystals that were sent, if their subsamples are there."""
    sent = [each for each in writer.stored.values() if each.table == "BLSubSample"]
    rule = visibility.rule(identity, BLSubSample)
    statement = select(BLSubSample.blSubSampleId, BLSubSample.blSampleId)
    statement = statement.where(BLSubSample.blSubSampleId.in_([each.key for each in sent]))
    rows = db.session.execute(statement.where(rule.condition), rule.values) if sent else ()
    keys = {key for key, sample_id in rows if sample_id in writer.holders}
    for each in sent:
        if each.key in keys:
            writer.add(each.kind, "BLSubSample", each.key, {}, each)


def _get_annotation(row: dict) -> str | None:
    """The comments of a row, without the lines that stand for members without a column."""
    lines = (row["comments"] or "").splitlines()
    return "\n".join(line for line in lines if not line.startswith(NOTE)) or None


def _get_place(sent: Stored) -> tuple:
    return tuple(sent.content.get(name) for name in PLACES[sent.kind])


def _as_position(location: str | None) -> int | None:
    """A place as messages have it: a number from 1."""
    return int(location) if location and location.isdecimal() and int(location) > 0 else None


def _list_containers(row: dict) -> Iterator[dict]:
    """The containers in a dewar or container, nested ones too."""
    for container in row["Container"]:
        yield container
        yield from _list_containers(container)


def _describe_type(plate: dict) -> dict:
    """The type of a plate that no message had, by the kind of container."""
    kind = plate["ContainerType"]
    wells = Wells(
        *(kind[name] for name in ("wellPerRow", "dropPerWellX", "dropPerWellY", "wellDrop"))
    )
    places = plate["capacity"] or kind["capacity"] or 0
    return {
        "name": kind["name"] or "plate",
        "numberRows": max(1, places // (kind["wellPerRow"] * wells.drops)),
        "numberColumns": kind["wellPerRow"],
        "numberSubPositions": wells.drops,
        "dropMapping": ",".join("".join(row) for row in wells.cells),
    }
