"""Ligands: small molecules of a proposal, in samples of it."""

from services.core.models import Ligand, SampleHasLigand
from services.core.modules.samples.ligands import create_all
from shared.db import in_transaction
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, inside, usual

ROOT = "/ispyb/api/v1/samples"
URL = f"{ROOT}/ligands"
IN_SAMPLE = "/samples/{sample_id}/ligands"
ROUTES = [
    *usual(
        *("/samples/ligands", "ligandId", "ligand", {"proposalId": 1, "name": "ATP"}, "Ligand"),
        *(404, 200),
    ),
    Route(f"get {IN_SAMPLE}", inside()),
    Route(
        f"post {IN_SAMPLE}", inside(201, reader=403), body={"ligandId": 1}, schema="SampleLigand"
    ),
    Route(f"delete {IN_SAMPLE}/{{ligand_id}}", inside(reader=403), path={"ligand_id": 71}),
]


def rows(key):
    """Ligand ``key`` of proposal ``key``, and ligand 71 or 72 in sample ``key``."""
    yield Ligand(ligandId=key, proposalId=key, name=f"ligand {key}")
    yield Ligand(ligandId=70 + key, proposalId=key, name=f"ligand {70 + key}")
    yield SampleHasLigand(blSampleId=key, ligandId=70 + key)


def mixed(beamline):
    """A ligand of others in the caller's sample, and the caller's ligand in theirs."""
    yield Ligand(ligandId=900, proposalId=2, name="SECRET")
    for sample, ligand in ((1, 900), (900, 1)):
        yield SampleHasLigand(blSampleId=sample, ligandId=ligand)


def varied():
    yield SampleHasLigand(blSampleId=3, ligandId=4)


def test_ligands_are_in_samples_of_their_proposal(as_, stock, same):
    alice, bob, staff = as_("alice", ALICE), as_("bob", BOB), as_("staff", 9, "all_proposals")
    body = {"proposalId": 1, "name": "ATP", "SMILES": "C1CC1", "libraryName": "frägments"}
    made = alice.post(URL, json=body).json
    key = made["ligandId"]
    assert {**made, **body} == made and made["_metadata"] == {"samples": 0}
    assert bob.post(URL, json=body).status_code == 404
    same(bob.get(f"{URL}/{key}"), bob.get(f"{URL}/999"))
    empty = alice.post(URL, json={"proposalId": 1, "name": ""})
    assert (empty.status_code, [*empty.json["errors"]]) == (422, ["name"])
    linked = alice.post(f"{ROOT}/1/ligands", json={"ligandId": key})
    assert (linked.status_code, linked.json["Ligand"]["SMILES"]) == (201, "C1CC1")
    assert alice.post(f"{ROOT}/1/ligands", json={"ligandId": key}).status_code == 409
    same(*(alice.post(f"{ROOT}/{n}/ligands", json={"ligandId": key}) for n in (3, 999)))
    other = staff.post(f"{ROOT}/3/ligands", json={"ligandId": key})
    assert (other.status_code, "different proposals" in other.json["detail"]) == (409, True)
    assert alice.get(f"{ROOT}/1/ligands").json["results"] == [linked.json]
    for url, numbers in (
        (f"{ROOT}?ligandId={key}&fields=blSampleId", [1]),
        (f"{URL}?proteinId=1&fields=ligandId", [key]),
        (f"{URL}?proteinId=2&fields=ligandId", []),
    ):
        assert [*map(list, map(dict.values, alice.get(url).json["results"]))] == [
            [number] for number in numbers
        ]
    kept = alice.delete(f"{URL}/{key}")
    assert (kept.status_code, kept.json["detail"]) == (409, "Ligand still has samples")
    assert alice.delete(f"{ROOT}/1/ligands/{key}").json == linked.json
    assert alice.delete(f"{ROOT}/1/ligands/{key}").status_code == 404
    assert alice.delete(f"{URL}/{key}").json["name"] == "ATP"


def test_many_are_created_at_once(app, as_, stock, token):
    identity = app.extensions["verifier"].identify(f"Bearer {token('alice', ALICE)}")
    documents = [{"name": f"L{n}", "sourceWell": f"A{n}" if n % 2 else None} for n in range(5)]
    with app.test_request_context():
        keys = in_transaction(lambda: create_all(identity, 1, documents))
    alice = as_("alice", ALICE)
    assert [alice.get(f"{URL}/{key}").json["name"] for key in keys] == [
        "L0",
        "L1",
        "L2",
        "L3",
        "L4",
    ]
    assert alice.get(f"{URL}?proposal=mx1&sourceWell=A3").json["total"] == 1
