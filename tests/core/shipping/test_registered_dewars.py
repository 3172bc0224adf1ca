"""Registered dewars: who registers and edits them, and the dewars of shipments that are these."""

import pytest
from sqlalchemy import inspect, text

from shared.models import DewarRegistry, DewarRegistryHasProposal
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, holders, inside, managers, signed_in

ROOT = "/ispyb/api/v1"
URL = f"{ROOT}/dewars/registry"
ONE = "/dewars/registry/{dewar_registry_id}"
LINKS = f"{ONE}/proposals"
CODE = {"facilityCode": "DLS-MX-0009"}
SERIAL = {"manufacturerSerialNumber": "CX-1", "labContactId": 1}
LINKED = holders(404) | {"all_proposals": 201, "user office": 201}  # nobody owns dewar 3
COPIES = frozenset({("DewarRegistry_has_Proposal", 801)})
ROUTES = [
    Route("get /dewars/registry", signed_in(), list_key="dewarRegistryId"),
    Route(
        "post /dewars/registry",
        managers(201) | {"all_proposals": 201},
        body=CODE,
        schema="RegisteredDewar",
    ),
    Route(f"get {ONE}", inside()),
    Route(f"put {ONE}", holders() | {"all_proposals": 200}, body=CODE),
    Route(f"patch {ONE}", inside(reader=403), body=SERIAL, sent_as_is=True),
    Route(f"delete {ONE}", holders() | {"all_proposals": 200}, also=COPIES),
    Route(f"get {LINKS}", inside()),
    Route(
        f"post {LINKS}",
        LINKED,
        body={"proposalId": 1},
        path={"dewar_registry_id": 3},
        schema="RegisteredDewarProposal",
    ),
    Route(f"delete {LINKS}/{{proposal_id}}", holders() | {"all_proposals": 200}),
]


def rows(key):
    """Dewar ``key`` of the registry, which proposal ``key`` owns and may use, and another."""
    owner = {"dewarRegistryId": key, "proposalId": key}
    return [
        DewarRegistry(dewarRegistryId=key + 2, facilityCode=f"DLS-MX-{key + 2:04}"),
        DewarRegistry(**owner, facilityCode=f"DLS-MX-{key:04}"),
        DewarRegistryHasProposal(dewarRegistryHasProposalId=key, **owner),
    ]


def varied():
    """Proposals of one dewar."""
    link = {"dewarRegistryId": 3, "personId": 1, "labContactId": 1}
    return [DewarRegistryHasProposal(**link, proposalId=key) for key in (101, 102)]


def test_staff_register_a_dewar_and_members_care_for_it(as_, stock):
    alice, bob, staff = as_("alice", ALICE), as_("bob", BOB), as_("sue", None, "all_proposals")
    body = {"facilityCode": "dls-mx-0007", "proposalId": 1}
    assert alice.post(URL, json=body).status_code == 403
    item = staff.post(URL, json=body).json
    assert (item["facilityCode"], item["type"]) == ("DLS-MX-0007", "Dewar")
    taken = staff.post(URL, json={"facilityCode": "DLS-mx-0007"})
    assert (taken.status_code, [*taken.json["errors"]]) == (409, ["facilityCode"])
    for code in ("DLS MX", "", "x" * 21, None):
        assert staff.post(URL, json={"facilityCode": code}).status_code == 422
    url = f"{URL}/dls-MX-0007"
    assert alice.get(url).json == item
    assert bob.get(url).status_code == bob.patch(url, json={}).status_code == 404
    edited = alice.patch(url, json={"manufacturerSerialNumber": "CX-100", "type": "Dewar"})
    assert edited.json["manufacturerSerialNumber"] == "CX-100"
    refused = alice.patch(url, json={"type": "Toolbox", "purchaseDate": None})
    assert (refused.status_code, refused.json["detail"][:5]) == (403, "type:")
    links = f"{url}/proposals"
    assert alice.post(links, json={"proposalId": 1}).status_code == 403
    assert staff.post(links, json={"proposalId": 2}).json["Proposal"]["proposalNumber"] == "2"
    assert staff.post(links, json={"proposalId": 2}).status_code == 409
    seen = {
        client: [row["proposalId"] for row in client.get(links).json["results"]]
        for client in (alice, bob, staff)
    }
    assert [*seen.values()] == [[1], [2], [1, 2]]
    assert staff.delete(f"{links}/2").json["proposalId"] == 2 and bob.get(url).status_code == 404


@pytest.fixture
def report(engine):
    """A report on the dewar DLS-7, by its code: a table that our models leave out."""
    has_table = inspect(engine).has_table("DewarReport")
    with engine.begin() as connection:
        if not has_table:
            connection.execute(
                text(
                    "CREATE TABLE DewarReport (facilityCode VARCHAR(20)"
                    " REFERENCES DewarRegistry (facilityCode) ON DELETE CASCADE)"
                )
            )
        connection.execute(
            text("INSERT INTO DewarRegistry (dewarRegistryId, facilityCode) VALUES (7, 'DLS-7')")
        )
        connection.execute(text("INSERT INTO DewarReport (facilityCode) VALUES ('DLS-7')"))
    yield
    with engine.begin() as connection:
        connection.execute(
            text("DELETE FROM DewarReport" if has_table else "DROP TABLE DewarReport")
        )


def test_a_dewar_with_a_report_on_its_code_is_kept(as_, stock, report):
    kept = as_("sue", None, "all_proposals").delete(f"{URL}/7")
    assert (kept.status_code, kept.json["detail"]) == (
        409,
        "Registered dewar still has DewarReport",
    )


def test_a_dewar_with_a_code_of_its_proposal_is_the_registered_one(as_, stock, add):
    add(*(DewarRegistry(dewarRegistryId=key, facilityCode=f"DLS-{key}") for key in (7, 8)))
    add(DewarRegistryHasProposal(dewarRegistryId=7, proposalId=1))
    add(DewarRegistryHasProposal(dewarRegistryId=8, proposalId=2))
    alice, staff = as_("alice", ALICE), as_("sue", None, "all_proposals")
    made = alice.post(f"{ROOT}/dewars", json={"shippingId": 1, "facilityCode": "dls-7"}).json
    assert made["dewarRegistryId"] == 7
    url = f"{ROOT}/dewars/{made['dewarId']}"
    for code, key in (("DLS-8", None), ("DLS-7", 7), ("DLS-9", None), (None, None)):
        assert staff.patch(url, json={"facilityCode": code}).json["dewarRegistryId"] == key
    assert alice.patch(url, json={"dewarRegistryId": 8}).status_code == 424
    assert alice.patch(url, json={"dewarRegistryId": 7}).json["dewarRegistryId"] == 7
    assert staff.get(f"{URL}/7").json["_metadata"] == {"dewars": 1}
    kept = staff.delete(f"{URL}/7")
    assert (kept.status_code, kept.json["detail"]) == (409, "Registered dewar still has Dewar")
    assert staff.delete(f"{URL}/8").status_code == 200
