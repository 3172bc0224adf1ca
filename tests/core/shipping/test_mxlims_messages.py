"""Shipments as MXLIMS messages."""

import json
from copy import deepcopy

from sqlalchemy import delete, event

from services.core.models import Ligand, ShippingHasSession
from shared.models import (
    BLSample,
    BLSampleGroup,
    BLSampleGroupHasBLSample,
    BLSubSample,
    Container,
    Dewar,
    DiffractionPlan,
    Position,
    Protein,
    Shipping,
)
from shared.service_tables import MxlimsObject
from tests.core.conftest import BOB
from tests.core.shipping.mxlims import (
    PARENTS,
    TREES,
    URL,
    faults_of,
    link,
    message,
    pins,
    samples,
    uuid,
)
from tests.matrix import Route, inside

LEAST = {
    "version": "0.6.13",
    "Shipment": {"Shipment1": {"mxlimsType": "Shipment", "proposalCode": "mx1"}},
}
ROUTES = [
    Route(
        *("post /mxlims/shipments", inside(201, reader=403)),
        body=LEAST,
        schema="MxlimsMessage",
        sent_as_is=True,
    ),
    Route("get /mxlims/shipments/{shipment_id}", inside()),
    Route("get /mxlims/shipments/{shipment_id}/results", inside()),
]


def test_a_message_becomes_rows(post, stored_tree, rows, sender):
    before = {model: len(rows(model)) for model in (Protein, DiffractionPlan)}
    sent = pins("a1", "a2")
    sent["version"] = "0.6.12"
    shipment, puck = sent["Shipment"]["Shipment1"], sent["Puck"]["Puck1"]
    shipment |= {"sessionNumber": 1, "name": "May", "annotation": "cold"}
    shipment["labContactReturn"] = {"name": "Bob", "phoneNumber": "123"}
    shipment["trackingDevice"] = {"deviceType": "AirTag", "identifier": "ł"}
    sent["Dewar"]["Dewar1"]["barcode"] = "DLS-MX-1234"
    puck |= {"barcode": "UNI-7", "numberPositions": 10, "identifiers": {"lab.example": "7"}}
    pin = {"barcode": "HA1", "loopType": "mesh", "holderLength": 22.5, "annotation": "small"}
    sent["Pin"]["Pin2"] |= pin
    sent["Macromolecule"]["Macromolecule2"] = {
        "mxlimsType": "Macromolecule",
        "uuid": uuid("Macromolecule", 2),
        "acronym": "new",
        "name": "A new one",
    }
    second = sent["MacromoleculeSample"]["MacromoleculeSample2"]
    second["parentSampleRef"] = link("Macromolecule", 2)
    second["components"] = [
        {"name": "ATP", "smiles": "CCO", "role": "ligand"},
        {"sequence": "MKV", "role": "target"},
        {"name": "TRIS", "role": "buffer"},
    ]
    cell = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), (78, 78, 37, 90, 90, 90)))
    sent["MxExperiment"] = {
        "MxExperiment1": {
            "mxlimsType": "MxExperiment",
            "experimentStrategy": "GPhL.native.basic",
            "expectedResolution": 1.75,
            "priority": 2,
            "doseBudget": 20.5,
            "sampleGroup": "ół",
            "expectedSpaceGroupName": "P 43 21 2",
            "expectedUnitCell": cell,
            "logisticalSampleRef": link("Pin", 2),
            "templateDataRefs": [link("CollectionSweep")],
        }
    }
    sweep = {"scanAxis": "omega", "energy": 12.5, "transmission": 50, "imageWidth": 0.25}
    sent["CollectionSweep"] = {"CollectionSweep1": {"mxlimsType": "CollectionSweep", **sweep}}
    answer = post(sent)
    assert answer["warnings"] == [
        "Shipment1.labContactReturn: Bob is no lab contact of the proposal; the comments have the"
        " name: choose a contact of the proposal",
        "Dewar1.barcode: DLS-MX-1234 is not registered for the proposal",
        "MxExperiment1.experimentStrategy: GPhL.native.basic is none of ISPyB; it is in the"
        " comments of the plan",
        "CollectionSweep1.energy: 12.5 is taken for keV, not eV",
    ]
    stored = stored_tree(answer)
    assert json.loads(stored["extra"]) == {"trackingDevice": shipment["trackingDevice"]}
    assert stored["comments"] == "cold\nMXLIMS: labContactReturn Bob, 123"
    assert (stored["shippingName"], stored["source"]) == ("May", "MXLIMS")
    assert (stored["sendingLabContactId"], stored["returnLabContactId"]) == (1, None)
    assert [row.sessionId for row in rows(ShippingHasSession)] == [11]
    (dewar,) = stored["Dewar"]
    assert (dewar["code"], dewar["facilityCode"]) == ("Cold", "DLS-MX-1234")
    assert (dewar["firstExperimentId"], dewar["dewarRegistryId"]) == (11, None)
    (box,) = dewar["Container"]
    assert (box["code"], box["capacity"], box["containerType"]) == ("P1", 10, "Puck")
    assert (box["containerRegistryId"], box["barcode"]) == (1, None)
    one, two = box["BLSample"]
    assert (one["name"], one["location"], one["Crystal"]["Protein"]["proteinId"]) == ("a1", "1", 1)
    assert {n: two[n] for n in ("code", "loopType", "holderLength", "SMILES")} == {
        "code": "HA1",
        "loopType": "mesh",
        "holderLength": 22.5,
        "SMILES": "CCO",
    }
    assert two["comments"] == "small\nMXLIMS: buffer TRIS"
    assert two["Crystal"]["Protein"]["sequence"] == "MKV"
    assert (two["Crystal"]["spaceGroup"], two["Crystal"]["cell_c"]) == ("P43212", 37)
    plan = two["DiffractionPlan"]
    assert {n: plan[n] for n in ("aimedResolution", "priority", "energy", "transmission")} == {
        "aimedResolution": 1.75,
        "priority": 2,
        "energy": 12500,
        "transmission": 0.5,
    }
    assert (plan["oscillationRange"], plan["scanParameters"]) == (0.25, '{"doseBudget": 20.5}')
    assert [row.name for row in rows(BLSampleGroup)] == ["ól"]
    members = [row.blSampleId for row in rows(BLSampleGroupHasBLSample)]
    assert members == [two["blSampleId"]]
    added = {model: len(rows(model)) - number for model, number in before.items()}
    assert added == {Protein: 1, DiffractionPlan: 1}
    assert len(rows(Ligand)) == 1
    shown = sender.get(f"{URL}/{answer['shippingId']}").json
    assert shown == answer["message"] and faults_of(shown) == []
    for kind, objects in sent.items():
        if kind not in ("version", "Shipment"):
            for name, members in objects.items():
                kept = {n: v for n, v in members.items() if n not in ("energy", "identifiers")}
                assert kept.items() <= shown[kind][name].items(), name
    members = shown["Shipment"]["Shipment1"]
    contact = {"name": "Alice", "emailAddress": "alice@lab.example", "phoneNumber": "+44 1"}
    assert members["labContactOutbound"] == contact
    assert members["labContactReturn"] == shipment["labContactReturn"]
    assert (members["sessionNumber"], members["annotation"]) == (1, "cold")
    identifiers = {"lab.example": "7", "ispyb.example.org": f"Container:{box['containerId']}"}
    assert shown["Puck"]["Puck1"]["identifiers"] == identifiers
    assert shown["CollectionSweep"]["CollectionSweep1"]["energy"] == 12500


def test_a_message_is_stored_once_and_may_change_until_it_is_sent(
    post, stored_tree, rows, sender, as_
):
    sent = pins("a1", "a2", "a3")
    first = post(sent)
    tables = (Shipping, Dewar, Container, BLSample, MxlimsObject)
    before = [len(rows(model)) for model in tables]
    assert post({**sent, "version": "0.6.12"}, 200) == {**first, "warnings": []}
    assert [len(rows(model)) for model in tables] == before
    key = first["shippingId"]
    sender.patch(f"{TREES}/{key}", json={"deliveryAgent_agentName": "DHL"})
    (old,) = stored_tree(first)["Dewar"][0]["Container"]
    changed = deepcopy(sent)
    changed["Pin"]["Pin1"]["positionInPuck"], changed["Pin"]["Pin2"]["positionInPuck"] = 2, 1
    changed["Pin"]["Pin4"] = {**changed["Pin"].pop("Pin3"), "uuid": uuid("Pin", 4)}
    changed["MacromoleculeSample"]["MacromoleculeSample3"]["name"] = "a4"
    post(changed, 200)
    stored = stored_tree(first)
    assert stored["deliveryAgent_agentName"] == "DHL"
    (new,) = stored["Dewar"][0]["Container"]
    places = {row["blSampleId"]: (row["name"], row["location"]) for row in new["BLSample"]}
    one, two, _ = (row["blSampleId"] for row in old["BLSample"])
    assert (places.pop(one), places.pop(two)) == (("a1", "2"), ("a2", "1"))
    assert [*places.values()] == [("a4", "3")]
    shown = sender.get(f"{URL}/{key}").json
    assert {each["uuid"] for each in shown["Pin"].values()} == {uuid("Pin", n) for n in (1, 2, 4)}
    elsewhere = deepcopy(sent)
    elsewhere["Shipment"]["Shipment1"]["uuid"] = uuid("Shipment", 2)
    refused = post(elsewhere, 409)
    assert refused["errors"]["Pin"]["Pin1"] == {"uuid": [f"This uuid is in shipment {key}."]}
    assert sender.patch(f"{TREES}/{key}", json={"shippingStatus": "sent to facility"}).json
    assert post(changed, 200)["shippingId"] == key
    late = post(sent, 409)
    assert late["detail"].startswith("the shipment is sent to facility")
    assert late["errors"]["Pin"]["Pin1"] == {"positionInPuck": ["Is 2 in the stored shipment."]}
    bob = as_("bob", BOB)
    hidden = bob.post(URL, json=sent)
    assert (hidden.status_code, hidden.json["detail"]) == (404, "Proposal not found")
    foreign = deepcopy(sent)
    foreign["Shipment"]["Shipment1"]["proposalCode"] = "mx2"
    foreign["Macromolecule"]["Macromolecule1"]["acronym"] = "THAU"
    stolen = bob.post(URL, json=foreign)
    assert (stolen.status_code, "mx1" in stolen.text, f"{key}" in stolen.json["detail"]) == (
        *(409, False, False),
    )
    assert bob.get(f"{URL}/{key}").status_code == 404


def test_all_faults_are_named_by_their_paths(post, count):
    sent = pins("a1", "a2", "no blank", "a4", "a5", "a1")
    pins_ = sent["Pin"]
    pins_["Pin1"]["positionInPuck"] = 17
    sent["Puck"]["Puck1"]["numberPositions"] = 16
    pins_["Pin2"]["positionInPuck"] = 3
    del pins_["Pin4"]["positionInPuck"]
    pins_["Pin5"] |= {"sampleRef": link("MacromoleculeSample", 9), "uuid": uuid("Pin", 1)}
    pins_["first"] = {**pins_["Pin1"], "uuid": uuid("Pin", 9)}
    twice = "Two objects are at this place of Puck1."
    assert post(sent, 422)["errors"]["Pin"] == {
        "Pin1": {
            "positionInPuck": ["Must be a place from 1 to 16."],
            "uuid": ["Two objects have this uuid."],
        },
        "Pin2": {"positionInPuck": [twice]},
        "Pin3": {"positionInPuck": [twice]},
        "Pin4": {"positionInPuck": ["Missing data for required field."]},
        "Pin5": {
            "sampleRef": ["#/MacromoleculeSample/MacromoleculeSample9 is not in the message."],
            "uuid": ["Two objects have this uuid."],
        },
        "first": ["Must be Pin1, Pin2, …: else no reference can name it."],
    }
    bad = pins("a1")
    bad["Shipment"]["Shipment1"] |= {"colour": "red", "uuid": "x"}
    bad["Pin"]["Pin1"] |= {"positionInPuck": "1", "barcode": None}
    errors = post(bad, 422)["errors"]
    assert errors["Shipment"]["Shipment1"].keys() == {"colour", "uuid"}
    assert errors["Shipment"]["Shipment1"]["colour"] == ["Unknown field."]
    assert errors["Pin"]["Pin1"].keys() == {"positionInPuck", "barcode"}
    names = pins("a1", "no blank", "a" * 46, "a1")
    names["Pin"]["Pin1"]["barcode"] = "b" * 46
    errors = post(names, 422)["errors"]
    assert errors["Pin"] == {"Pin1": {"barcode": ["Longer than maximum length 45."]}}
    assert errors["MacromoleculeSample"].keys() == {
        *("MacromoleculeSample2", "MacromoleculeSample3")
    }
    taken = post(pins("lys-x1", "b", "B"), 422)["errors"]["MacromoleculeSample"]
    assert taken["MacromoleculeSample1"]["name"] == [
        "The protein has a sample of this name already."
    ]
    assert taken.keys() == {f"MacromoleculeSample{at}" for at in (1, 2, 3)}
    old = post({**pins("a"), "version": "0.6.11"}, 422)
    assert old["errors"] == {"version": ["Must be one of: 0.6.12, 0.6.13."]}
    assert (
        "sessionNumber"
        in post(message(Shipment=[{"proposalCode": "mx1", "sessionNumber": 9}]), 422)["errors"][
            "Shipment"
        ]["Shipment1"]
    )
    many = pins("a")
    many["Pin"] = {f"Pin{at}": {"mxlimsType": "Pin", "x": 1} for at in range(1, 9000)}
    flood = post(many, 422)
    assert sum(len(each) for each in flood["errors"].values()) <= 100
    large = post(message(Shipment=[{"proposalCode": "mx1", "annotation": "x" * 500_000}]), 413)
    assert "500000" in large["detail"]
    assert count(MxlimsObject) == 0


def test_multipins_and_plates(post, stored_tree, rows, sender):
    sample = link("MacromoleculeSample")
    several = message(
        Dewar=[{}],
        Puck=[{"puckType": "unipuck"}],
        MultiPin=[{"numberPositions": 8, "positionInPuck": 5, "barcode": "M1"}],
        PinPosition=[{"positionInPin": at, "sampleRef": sample} for at in (1, 2)],
        MacromoleculeSample=samples("shared"),
    )
    answer = post(several)
    assert faults_of(answer["message"], "ShipmentMessage") == []
    (puck,) = stored_tree(answer)["Dewar"][0]["Container"]
    assert (puck["code"], puck["containerType"], puck["capacity"]) == ("Puck1", "Puck", 16)
    places = ("name", "location", "subLocation", "code")
    assert [tuple(row[n] for n in places) for row in puck["BLSample"]] == [
        ("shared_1", "5", 1, "M1"),
        ("shared_2", "5", 2, "M1"),
    ]
    multipin = answer["message"]["MultiPin"]["MultiPin1"]
    assert (multipin["numberPositions"], multipin["positionInPuck"]) == (8, 5)
    assert answer["message"]["MacromoleculeSample"].keys() == {"MacromoleculeSample1"}
    shape = {"numberRows": 8, "numberColumns": 12, "numberSubPositions": 3, "dropMapping": "2,13R"}
    points = [{"regionType": "point", "x": at, "y": 1} for at in (2, 6)]
    image = {"mimeType": "image/png", "url": "https://lab.example/1.png"}
    plate = message(
        Plate=[{"barcode": "9098", "plateType": shape}],
        PlateWell=[{"rowNumber": 8, "columnNumber": 2}],
        WellDrop=[{"dropNumber": 1, "sampleRef": sample}],
        DropRegion=[
            {
                "region": {
                    "units": "pixel",
                    "image": image,
                    "region": {"regionType": "rectangle", "points": points},
                }
            }
        ],
        MacromoleculeSample=samples("drop"),
    )
    for kind in ("Shipment", "Macromolecule", "MacromoleculeSample"):
        plate[kind][f"{kind}1"]["uuid"] = uuid(kind, 77)
    crystal = {"name": "c1", "containerRef": link("DropRegion"), "sampleRef": sample}
    plate["Crystal"] = {"Crystal1": {"mxlimsType": "Crystal", **crystal}}
    outside = deepcopy(plate)
    outside["PlateWell"]["PlateWell1"]["columnNumber"] = 13
    outside["WellDrop"]["WellDrop1"]["dropNumber"] = 4
    errors = post(outside, 422)["errors"]
    assert errors["PlateWell"]["PlateWell1"] == {"columnNumber": ["Must be a place from 1 to 12."]}
    assert errors["WellDrop"]["WellDrop1"] == {"dropNumber": ["Must be a place from 1 to 3."]}
    odd = deepcopy(plate)
    odd["Plate"]["Plate1"]["plateType"]["numberRows"] = 9
    assert "Plate3" in post(odd, 422)["errors"]["Plate"]["Plate1"]["plateType"][0]
    answer = post(plate)
    assert faults_of(answer["message"], "ShipmentMessage") == []
    (parcel,) = stored_tree(answer)["Dewar"]
    (container,) = parcel["Container"]
    assert (parcel["type"], container["barcode"]) == ("Parcel", "9098")
    assert (container["containerType"], container["capacity"]) == ("Plate3", 288)
    (row,) = container["BLSample"]
    assert (row["name"], row["location"]) == ("drop", f"{(7 * 12 + 1) * 3 + 2}")
    part = next(each for each in rows(BLSubSample) if each.blSampleId == row["blSampleId"])
    assert (part.type, part.imgFilePath, part.comments) == ("roi", image["url"], "c1; in pixel")
    corners = {each.positionId: (each.posX, each.posY) for each in rows(Position)}
    assert (corners[part.positionId], corners[part.position2Id]) == ((2, 1), (6, 1))
    shown = answer["message"]
    assert shown["WellDrop"]["WellDrop1"]["dropNumber"] == 1
    assert shown["Crystal"]["Crystal1"].items() >= crystal.items()
    moved = deepcopy(plate)
    moved["DropRegion"]["DropRegion1"]["region"]["region"]["points"][0]["x"] = 4
    post(moved, 200)
    corners = {each.positionId: each.posX for each in rows(Position)}
    assert (corners[part.positionId], len(rows(BLSubSample))) == (4, 1)


def test_an_exported_message_makes_the_same_shipment_again(post, stored_tree, engine, sender):
    before = post(pins("a1", "a2"))
    with engine.begin() as connection:
        connection.execute(delete(BLSample.__table__).where(BLSample.name.in_(["a1", "a2"])))
        key = before["shippingId"]
        connection.execute(delete(Container.__table__).where(Container.code == "P1"))
        connection.execute(delete(Dewar.__table__).where(Dewar.shippingId == key))
        connection.execute(delete(Shipping.__table__).where(Shipping.shippingId == key))
    after = post(before["message"])

    def by_class(answer):
        return {
            kind: {
                name: {n: v for n, v in members.items() if n != "identifiers"}
                for name, members in objects.items()
            }
            for kind, objects in answer["message"].items()
            if kind != "version"
        }

    assert by_class(after) == by_class(before)
    ordinary = sender.get(f"{URL}/1").json
    assert faults_of(ordinary) == []
    assert ordinary["Pin"]["Pin1"]["positionInPuck"] == 1
    assert ordinary["Macromolecule"]["Macromolecule1"]["acronym"] == "LYS"


def test_statements_do_not_grow_with_the_shipment(post, sender, engine):
    numbers, ran = [], []

    def note(*arguments):
        ran.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        for size in (2, 16):
            document = pins(*(f"s{size}x{at}" for at in range(size)))
            for objects in (document[kind] for kind in PARENTS if kind in document):
                for members in objects.values():
                    members.pop("uuid")
            document["Shipment"]["Shipment1"]["uuid"] = uuid("Shipment", size)
            document["Macromolecule"]["Macromolecule1"]["acronym"] = f"P{size}"
            ran.clear()
            answer = post(document)
            written = len(ran)
            sender.get(f"{URL}/{answer['shippingId']}/results")
            numbers.append((written, len(ran) - written))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert numbers[0] == numbers[1]
