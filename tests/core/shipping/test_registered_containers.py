"""Registered containers: users register them, and a container with the bar code is linked."""

from shared.models import ContainerRegistry, ContainerRegistryHasProposal
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, holders, inside, signed_in

ROOT = "/ispyb/api/v1"
URL = f"{ROOT}/containers/registry"
ONE = "/containers/registry/{container_registry_id}"
LINKS = f"{ONE}/proposals"
BODY = {"barcode": "NEW-1", "proposalId": 1}
LINKED = holders(404) | {"all_proposals": 201, "user office": 201}  # nobody uses container 3
COPIES = frozenset({("ContainerRegistry_has_Proposal", 801)})
ROUTES = [
    Route("get /containers/registry", signed_in(), list_key="containerRegistryId"),
    Route(
        "post /containers/registry",
        inside(201, reader=403),
        body=BODY,
        schema="NewRegisteredContainer",
    ),
    Route(f"get {ONE}", inside()),
    Route(f"put {ONE}", inside(reader=403), body={"barcode": "PUCK-1"}),
    Route(f"patch {ONE}", inside(reader=403), body={"comments": "bent"}, sent_as_is=True),
    Route(f"delete {ONE}", holders() | {"all_proposals": 200}, also=COPIES),
    Route(f"get {LINKS}", inside()),
    Route(
        f"post {LINKS}",
        LINKED,
        body={"proposalId": 1},
        path={"container_registry_id": 3},
        schema="RegisteredContainerProposal",
    ),
    Route(f"delete {LINKS}/{{proposal_id}}", holders() | {"all_proposals": 200}),
]


def rows(key):
    """Container ``key`` of the registry, which proposal ``key`` may use, and another."""
    link = {"containerRegistryHasProposalId": key, "proposalId": key}
    return [
        ContainerRegistry(containerRegistryId=key + 2, barcode=f"PUCK-{key + 2}"),
        ContainerRegistry(containerRegistryId=key, barcode=f"PUCK-{key}"),
        ContainerRegistryHasProposal(containerRegistryId=key, **link),
    ]


def varied():
    """Proposals of one container."""
    link = {"containerRegistryId": 3, "personId": 1}
    return [ContainerRegistryHasProposal(**link, proposalId=key) for key in (101, 102)]


def test_a_user_registers_a_puck_and_staff_share_it(as_, stock):
    alice, bob, staff = as_("alice", ALICE), as_("bob", BOB), as_("sue", None, "all_proposals")
    item = alice.post(URL, json={"barcode": "DLSL-0123", "proposalId": 1}).json
    url = f"{URL}/{item['containerRegistryId']}"
    again = bob.post(URL, json={"barcode": "DLSL-0123", "proposalId": 2})
    assert (again.status_code, [*again.json["errors"]]) == (409, ["barcode"])
    assert bob.post(URL, json={"barcode": "X", "proposalId": 1}).status_code == 404
    assert alice.patch(url, json={"comments": "bent"}).json["comments"] == "bent"
    assert alice.patch(url, json={"barcode": "other"}).status_code == 403
    assert (bob.get(url).status_code, alice.delete(url).status_code) == (404, 403)
    links = f"{url}/proposals"
    assert staff.post(links, json={"proposalId": 2}).status_code == 201
    assert [row["Person"]["login"] for row in alice.get(links).json["results"]] == ["alice"]
    shared = bob.get(url).json
    assert (shared["barcode"], shared["comments"]) == ("DLSL-0123", "bent")


def test_a_container_with_a_registered_bar_code_is_linked(as_, stock, add):
    for key, proposal in ((7, 1), (8, 2)):
        add(ContainerRegistry(containerRegistryId=key, barcode=f"PUCK-{key}"))
        add(ContainerRegistryHasProposal(containerRegistryId=key, proposalId=proposal))
    alice = as_("alice", ALICE)
    made = alice.post(f"{ROOT}/containers", json={"dewarId": 1, "barcode": "puck-7"}).json
    assert made["containerRegistryId"] == 7
    url = f"{ROOT}/containers/{made['containerId']}"
    for barcode, key in (("PUCK-8", None), ("PUCK-7", 7), ("free", None)):
        assert alice.patch(url, json={"barcode": barcode}).json["containerRegistryId"] == key
    assert alice.get(f"{URL}/7").json["_metadata"] == {"containers": 0}
