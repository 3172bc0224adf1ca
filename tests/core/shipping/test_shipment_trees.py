"""Whole shipments as one document."""

import pytest
from sqlalchemy import event

from services.core.models import Ligand
from shared.models import (
    BLSample,
    Container,
    ContainerType,
    Crystal,
    DataCollectionGroup,
    Dewar,
    Protein,
    Shipping,
)
from tests.core.conftest import ALICE, BOB
from tests.core.matrix.shipping import OF_CONTAINER
from tests.matrix import Route, beside, inside

URL = "/ispyb/api/v1/shipments"
EMPTY = {"proposalId": 1, "shippingName": "new"}
TREE = {**EMPTY, "Dewar": [{"dewarId": 1, "Container": [{"containerId": 1}]}]}
ROUTES = [
    Route(
        "post /shipments/trees",
        inside(201, reader=403),
        body=EMPTY,
        sent_as_is=True,
        schema="ShipmentTree",
        tidied=True,
    ),
    Route("get /shipments/{shipment_id}/tree", inside()),
    Route(
        "put /shipments/{shipment_id}/tree",
        inside(reader=403),
        body=TREE,
        sent_as_is=True,
        also=beside("Dewar", "Container", "DewarTransportHistory", *OF_CONTAINER),
    ),
    Route("get /shipments/{shipment_id}/info", inside()),
]


def sample(place, name, acronym="LYS", **more):
    crystal = {"spaceGroup": "P43212", "Protein": {"acronym": acronym}}
    return {"location": f"{place}", "name": name, "Crystal": crystal, **more}


def tree(*containers, **more):
    dewar = {"code": "D1", "Container": [*containers]}
    return {"proposalId": 1, "shippingName": "May", "Dewar": [dewar], **more}


@pytest.fixture
def alice(as_, stock, add):
    add(ContainerType(containerTypeId=12, name="Puck", capacity=16, proposalType="mx"))
    return as_("alice", ALICE)


@pytest.fixture
def statements(engine):
    """``statements()`` is the number of statements since the last call."""
    ran = []

    def note(*arguments):
        ran.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)

    def count():
        number = len(ran)
        ran.clear()
        return number

    yield count
    event.remove(engine, "before_cursor_execute", note)


def test_a_tree_is_stored_and_shown_as_it_was_sent(alice, count, rows):
    before = {model: count(model) for model in (Protein, Crystal, Ligand)}
    ligands = [{"name": "ATP", "SMILES": "CCO"}]
    plan = {"experimentKind": "SAD", "requiredResolution": 1.5}
    puck = {
        "code": "P1",
        "containerType": "unipuck",
        "BLSample": [
            sample(1, "a", DiffractionPlan=plan),
            sample(2, "b", Ligand=ligands),
            sample(3, "c", "new", Ligand=ligands),
        ],
    }
    box = {
        "code": "G1",
        "containerType": "GridBox",
        "capacity": 4,
        "BLSample": [{"name": "bare", "location": "2"}],
    }
    cane = {
        "code": "C1",
        "containerType": "Cane",
        "Container": [{**box, "Container": [{"code": "in"}]}],
    }
    answer = alice.post(f"{URL}/trees", json=tree(puck, cane, comments="cold"))
    assert answer.status_code == 201, answer.text
    made = answer.json
    (dewar,) = made["Dewar"]
    assert dewar["barCode"] == f"mx1-{dewar['dewarId']:07}"
    first, second = dewar["Container"]
    assert (first["containerType"], first["capacity"]) == ("Puck", 16)
    assert [each["name"] for each in first["BLSample"]] == ["a", "b", "c"]
    crystals = [each["Crystal"] for each in first["BLSample"]]
    assert crystals[0]["crystalId"] == crystals[1]["crystalId"] != crystals[2]["crystalId"]
    assert [each["Protein"]["acronym"] for each in crystals] == ["LYS", "LYS", "new"]
    assert crystals[0]["Protein"]["proteinId"] == 1
    assert first["BLSample"][0]["DiffractionPlan"]["requiredResolution"] == 1.5
    assert [each["name"] for each in first["BLSample"][2]["Ligand"]] == ["ATP"]
    (inner,) = second["Container"]
    assert inner["BLSample"][0]["name"] == "bare"
    assert inner["Container"][0]["code"] == "in"
    assert alice.get(f"{URL}/{made['shippingId']}/tree").json == made
    added = {model: count(model) - number for model, number in before.items()}
    assert added == {Protein: 1, Crystal: 2, Ligand: 1}
    info = alice.get(f"{URL}/{made['shippingId']}/info").json
    assert [len(info[name]) for name in ("Dewar", "Container", "BLSample")] == [1, 4, 4]
    assert [change["status"] for change in info["history"]] == ["opened", "opened"]
    assert {change["login"] for change in info["history"]} == {"alice"}


def test_a_tree_that_is_sent_again_is_there_once(alice, as_, count):
    sent = tree(source="SCAUP", creationDate="2026-05-01T10:00:00")
    first, again = (alice.post(f"{URL}/trees", json=sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    other = as_("bob", BOB).post(f"{URL}/trees", json={**sent, "proposalId": 2})
    assert (other.status_code, count(Shipping)) == (201, 4)


def test_all_faults_are_named_and_nothing_is_stored(alice, count):
    before = [count(model) for model in (Shipping, Dewar, Container, BLSample, Protein)]
    samples = [
        sample(17, "a"),
        sample(2, "b"),
        sample(2, "c"),
        sample(4, "B"),
        sample(5, "lys-X1", "lys"),
    ]
    answer = alice.post(f"{URL}/trees", json=tree({"containerType": "Puck", "BLSample": samples}))
    assert answer.status_code == 422
    assert answer.json["errors"]["Dewar"]["0"]["Container"]["0"]["BLSample"] == {
        "0": {"location": ["Must be a place from 1 to 16."]},
        "1": {
            "location": ["Two samples have this place."],
            "name": ["Two samples of the protein have this name."],
        },
        "2": {"location": ["Two samples have this place."]},
        "3": {"name": ["Two samples of the protein have this name."]},
        "4": {"name": ["The protein has a sample of this name already."]},
    }
    bad = alice.post(f"{URL}/trees", json=tree({"BLSample": [{"name": "no blank", "place": 1}]}))
    faults = bad.json["errors"]["Dewar"]["0"]["Container"]["0"]["BLSample"]["0"]
    assert (bad.status_code, {*faults}) == (422, {"name", "place"})
    foreign = alice.post(f"{URL}/trees", json={**tree(), "Dewar": [{"firstExperimentId": 21}]})
    assert foreign.status_code in (404, 422)
    assert [count(model) for model in (Shipping, Dewar, Container, BLSample, Protein)] == before


def test_statements_do_not_grow_with_the_tree(alice, statements):
    numbers = []
    for pucks, places in ((1, 2), (4, 16)):
        containers = [
            {
                "containerType": "Puck",
                "BLSample": [
                    sample(at, f"s{puck}x{at}", f"P{pucks}") for at in range(1, places + 1)
                ],
            }
            for puck in range(pucks)
        ]
        statements()
        answer = alice.post(f"{URL}/trees", json=tree(*containers))
        assert answer.status_code == 201, answer.text
        written = statements()
        assert alice.get(f"{URL}/{answer.json['shippingId']}/tree").json == answer.json
        numbers.append((written, statements()))
    assert numbers[0] == numbers[1]


def test_a_tree_is_replaced(alice, count, add):
    one = {"containerType": "Puck", "code": "P1", "BLSample": [sample(1, "a"), sample(2, "b")]}
    two = {"containerType": "Puck", "code": "P2", "BLSample": [sample(1, "c", subLocation=1)]}
    made = alice.post(f"{URL}/trees", json=tree(one, two)).json
    url = f"{URL}/{made['shippingId']}/tree"
    tag = alice.get(url).headers["ETag"]
    assert alice.put(url, json=made, headers={"If-Match": tag}).json == made
    before = [count(model) for model in (Dewar, Container, BLSample, Crystal)]
    (dewar,) = made["Dewar"]
    first, second = dewar["Container"]
    a, b = first["BLSample"]
    a["location"], b["location"], a["comments"] = "2", "1", "turned"
    b["Crystal"]["spaceGroup"], b["DiffractionPlan"] = "P1", {"requiredResolution": 2.5}
    b["Ligand"] = [{"name": "ATP"}]
    second["BLSample"] = [sample(5, "d")]
    dewar["Container"].append({"code": "P3", "BLSample": [{"name": "e"}]})
    changed = alice.put(url, json=made)
    assert changed.status_code == 200, changed.text
    first, second, third = changed.json["Dewar"][0]["Container"]
    assert [(each["location"], each["comments"]) for each in first["BLSample"]] == [
        ("2", "turned"),
        ("1", None),
    ]
    assert [each["Crystal"]["spaceGroup"] for each in first["BLSample"]] == ["P43212", "P1"]
    assert first["BLSample"][1]["DiffractionPlan"]["requiredResolution"] == 2.5
    assert [each["name"] for each in first["BLSample"][1]["Ligand"]] == ["ATP"]
    assert [each["name"] for each in second["BLSample"] + third["BLSample"]] == ["d", "e"]
    after = [count(model) for model in (Dewar, Container, BLSample, Crystal)]
    assert [new - old for new, old in zip(after, before)] == [0, 1, 1, 2]
    late = alice.put(url, json=made, headers={"If-Match": tag})
    assert (late.status_code, alice.get(url).json) == (412, changed.json)
    key = first["BLSample"][0]["blSampleId"]
    add(DataCollectionGroup(sessionId=11, blSampleId=key))
    lost = alice.put(url, json={**changed.json, "Dewar": []})
    assert (lost.status_code, "data collections" in lost.json["detail"]) == (409, True)
    assert alice.get(url).json["Dewar"] == changed.json["Dewar"]
    foreign = {"dewarId": 2, "Container": [{"containerId": 2}]}
    refused = alice.put(url, json={**EMPTY, "Dewar": [foreign]}).json["errors"]["Dewar"]["0"]
    assert [*refused] == ["dewarId", "Container"]
