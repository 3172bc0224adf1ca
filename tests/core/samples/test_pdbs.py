"""PDB, CIF and HKL files of proteins and crystals: stored as text, fetched as files."""

import pytest

from services.core.models import PDB, ProteinHasPDB
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, inside

ROOT = "/ispyb/api/v1/samples"
URL = f"{ROOT}/proteins/1/pdbs"
OF_PROTEIN, OF_CRYSTAL = (
    "/samples/proteins/{protein_id}/pdbs",
    "/samples/crystals/{crystal_id}/pdb",
)
BODY = {"name": "new.pdb", "contents": "HEADER    HYDROLASE\n"}
ROUTES = [
    Route(f"get {OF_PROTEIN}", inside()),
    Route(f"post {OF_PROTEIN}", inside(201, reader=403), body=BODY, schema="PdbFile"),
    Route(f"delete {OF_PROTEIN}/{{pdb_id}}", inside(reader=403)),
    Route(f"get {OF_PROTEIN}/{{pdb_id}}/file", inside()),
    Route(f"get {OF_CRYSTAL}", inside()),
    Route(f"put {OF_CRYSTAL}", inside(reader=403), body=BODY),
    Route(f"get {OF_CRYSTAL}/file", inside()),
]
PAIRS = {"Protein_has_PDB"}


def rows(key):
    """The file of crystal ``key``, see tests/world.py."""
    yield PDB(pdbId=key, name="model.pdb", contents=f"REMARK   {key}\n")
    yield ProteinHasPDB(proteinhaspdbid=key, proteinid=key, pdbid=key)


def mixed(beamline):
    yield PDB(pdbId=900, name="model.pdb", contents="SECRET")
    yield ProteinHasPDB(proteinhaspdbid=900, proteinid=2, pdbid=900)


def varied():
    yield PDB(pdbId=101, name="101.pdb", code="1LYS", source="RCSB")
    yield ProteinHasPDB(proteinhaspdbid=101, proteinid=3, pdbid=101)


def send(client, url, text, kind="text/plain", verb="post"):
    return getattr(client, verb)(url, data=text, content_type=kind)


def test_a_file_is_sent_as_text_or_as_json(as_, stock, rows, same):
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    first = send(alice, f"{URL}?name=lys.pdb", "REMARK Å\n".encode())
    assert first.status_code == 201, first.text
    assert first.json == {**first.json, "name": "lys.pdb", "code": None, "source": None}
    old = send(alice, f"{URL}?name=old.ent", "REMARK Å\n".encode("latin1"), "chemical/x-pdb")
    assert old.status_code == 201
    again = alice.post(URL, json={"name": "lys.pdb", "contents": "END\n"})
    assert (again.status_code, again.json) == (200, first.json)
    predicted = {"name": "lys.pdb", "contents": "ATOM\n", "source": "AlphaFold", "code": "1LYS"}
    assert alice.post(URL, json=predicted).status_code == 201
    listed = alice.get(URL).json["results"]
    assert [(row["name"], row["source"]) for row in listed] == [
        ("lys.pdb", "AlphaFold"),
        ("old.ent", None),
        ("lys.pdb", None),
    ]
    assert not any("contents" in row for row in listed)
    file = alice.get(f"{URL}/{old.json['pdbId']}/file")
    assert (file.data.decode(), file.status_code) == ("REMARK Å\n", 200)
    assert file.headers["Content-Disposition"] == "attachment; filename=old.ent"
    key = first.json["pdbId"]
    assert alice.get(f"{URL}/{key}/file").data == b"END\n"
    same(bob.get(URL), bob.get(f"{ROOT}/proteins/999/pdbs"))
    same(bob.get(f"{URL}/{key}/file"), bob.get(f"{ROOT}/proteins/999/pdbs/{key}/file"))
    assert bob.get(f"{ROOT}/proteins/2/pdbs/{key}/file").status_code == 404
    assert bob.post(URL, json=predicted).status_code == 404
    assert bob.delete(f"{ROOT}/proteins/2/pdbs/{key}").status_code == 404
    protein = alice.delete(f"{ROOT}/proteins/1")
    assert (protein.status_code, "PDB files" in protein.json["detail"]) == (409, True)
    assert alice.delete(f"{URL}/{key}").json == first.json
    assert alice.get(f"{URL}/{key}/file").status_code == 404
    assert len(rows(PDB)) == len(rows(ProteinHasPDB)) == 2


@pytest.mark.parametrize(
    "name, text, field",
    [
        ("lys.mtz", b"MTZ", "name"),
        ("../lys.pdb", b"END", "name"),
        (None, b"END", "name"),
        ("lys.pdb", b"", "contents"),
        ("lys.pdb", b"MTZ \x00\x01", "contents"),
        ("lys.pdb", "Ł".encode(), "contents"),
        ("lys.pdb", 2**24 * b"x", "contents"),
    ],
    ids=range(7),
)
def test_other_files_are_refused(as_, stock, rows, name, text, field):
    url = URL if name is None else f"{URL}?name={name}"
    answer = send(as_("alice", ALICE), url, text, "application/octet-stream")
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [field])
    assert rows(PDB) == []


def test_a_file_of_two_proteins_is_changed_for_one(as_, stock, add, rows):
    add(PDB(pdbId=5, name="lys.pdb", contents="OLD\n"))
    add(*(ProteinHasPDB(proteinid=protein, pdbid=5) for protein in (1, 2)))
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    new = alice.post(URL, json={"name": "lys.pdb", "contents": "NEW\n"}).json
    assert [row["pdbId"] for row in alice.get(URL).json["results"]] == [new["pdbId"]]
    assert bob.get(f"{ROOT}/proteins/2/pdbs/5/file").data == b"OLD\n"
    assert bob.delete(f"{ROOT}/proteins/2/pdbs/5").status_code == 200
    assert [row.pdbId for row in rows(PDB)] == [new["pdbId"]]


def test_the_file_of_a_crystal_is_one_of_its_protein(as_, stock, same):
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    url = f"{ROOT}/crystals/1/pdb"
    assert alice.get(url).status_code == alice.get(f"{url}/file").status_code == 404
    program = as_("mxcube", None, "mx_write", service=True, beamlines=["i03"])
    stored = send(program, f"{url}?name=lys.cif", "data_lys\n", verb="put")
    assert stored.status_code == 200, stored.text
    assert (stored.json["name"], stored.json["contents"]) == ("lys.cif", "data_lys\n")
    assert alice.get(url).json == stored.json
    assert alice.get(f"{ROOT}/crystals/1").json["pdbFileName"] == "lys.cif"
    assert [row["pdbId"] for row in alice.get(URL).json["results"]] == [stored.json["pdbId"]]
    tag = {"If-Match": alice.get(url).headers["ETag"]}
    newer = {"name": "lys.cif", "contents": "data_new\n"}
    assert alice.put(url, json=newer, headers=tag).json["pdbId"] == stored.json["pdbId"]
    assert alice.put(url, json=newer, headers=tag).status_code == 412
    assert alice.get(f"{url}/file").data == b"data_new\n"
    for end in ("", "/file"):
        same(bob.get(f"{url}{end}"), bob.get(f"{ROOT}/crystals/999/pdb{end}"))
    assert bob.put(url, json=newer).status_code == 404
