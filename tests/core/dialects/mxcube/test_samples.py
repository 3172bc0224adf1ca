"""The dialect of MXCuBE: the samples it mounts, trap by trap. Its client: tests/clients."""

import pytest

from shared.models import BLSample, Container, Crystal

SAMPLES = "/ispyb/mxcube/samples"
NONE = dict.fromkeys(("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma"))


@pytest.fixture
def alice(as_, stock):
    return as_("alice", 1)


def test_a_sample_has_every_key(alice):
    """Trap 2.7: all nested keys are there, values may be null, the objects may not."""
    answer = alice.get(f"{SAMPLES}?proposal=MX1&beamLineName=i03")
    assert answer.status_code == 200
    by_id = {row["blSampleId"]: row for row in answer.json}
    assert by_id == {
        1: {
            "blSampleId": 1,
            "code": None,
            "name": "lys-x1",
            "location": "1",
            "Container": {"code": "puck 1", "sampleChangerLocation": None},
            "Crystal": {
                "crystalId": 1,
                "space_group": "P43212",
                **NONE,
                "Protein": {"acronym": "LYS"},
            },
            "DiffractionPlan": {"diffractionPlanId": 1},
        },
        4: {  # it has neither a crystal nor a plan
            "blSampleId": 4,
            "code": None,
            "name": "lys-x4",
            "location": "2",
            "Container": {"code": "puck 1", "sampleChangerLocation": None},
            "Crystal": {
                "crystalId": None,
                "space_group": None,
                **NONE,
                "Protein": {"acronym": None},
            },
            "DiffractionPlan": {"diffractionPlanId": None},
        },
    }


def test_values_are_where_the_client_looks(add, alice):
    cell = {"cell_a": 78.1, "cell_b": 78.1, "cell_c": 37.2}
    angles = dict.fromkeys(("cell_alpha", "cell_beta", "cell_gamma"), 90.0)
    at = {"beamlineLocation": "i03", "containerStatus": "processing"}
    add(Crystal(crystalId=9, proteinId=1, spaceGroup="P1", **cell, **angles))
    add(Container(containerId=9, dewarId=1, code="P9", sampleChangerLocation="2", **at))
    add(BLSample(blSampleId=9, crystalId=9, containerId=9, location="3", code="HA00AF3312"))
    (row,) = [r for r in alice.get(f"{SAMPLES}?proposal=mx1").json if r["blSampleId"] == 9]
    assert row["Container"] == {"code": "P9", "sampleChangerLocation": "2"}
    crystal = {"crystalId": 9, "space_group": "P1", **cell, **angles}
    assert row["Crystal"] == {**crystal, "Protein": {"acronym": "LYS"}}
    assert (row["code"], row["location"]) == ("HA00AF3312", "3")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?proposal=MX1&beamLineName=i03", {1, 4}),
        ("?proposal=MX1&beamLineName=i04", set()),
        ("?proposal=mx1", {1, 2, 4}),
    ],
)
def test_the_samples_of_a_proposal_at_a_beamline(query, found, alice):
    assert {row["blSampleId"] for row in alice.get(SAMPLES + query).json} == found


def test_all_samples_are_in_the_list(add, alice):
    """The client reads one page."""
    add(*(BLSample(crystalId=1, containerId=1, location=f"{n}") for n in range(100, 700)))
    assert len(alice.get(f"{SAMPLES}?proposal=MX1&beamLineName=i03").json) == 602


def test_a_name_of_old_cannot_cost_the_list(add, alice):
    """Trap 2.7: the web interface drops a list with a name of other signs."""
    add(BLSample(blSampleId=9, crystalId=1, containerId=1, location="9", name="a b/ç"))
    rows = alice.get(f"{SAMPLES}?proposal=MX1&beamLineName=i03").json
    assert {row["name"] for row in rows} == {"lys-x1", "lys-x4", "a_b__"}


def test_samples_of_others_are_hidden(as_, alice):
    for query in ("?proposal=MX1", "?proposal=MX777"):
        assert as_("carol", 3).get(SAMPLES + query).status_code == 404


def test_a_sample_changes_as_the_client_says(alice):
    sent = {"blSampleId": 1, "blSampleStatus": "COLLECTED"}
    sent |= {"lastKnownCentringPosition": "phi=12.0 kappa=0.0", "code": None}
    answer = alice.patch(f"{SAMPLES}/1", json=sent)
    assert answer.status_code == 200
    kept = {name: value for name, value in answer.json.items() if value is not None}
    assert kept == {
        "blSampleId": 1,
        "blSampleStatus": "COLLECTED",
        "lastKnownCentringPosition": "phi=12.0 kappa=0.0",
        "containerId": 1,
        "location": "1",
        "name": "lys-x1",
    }
    native = alice.get("/ispyb/api/v1/samples/1").json
    assert native["lastKnownCenteringPosition"] == "phi=12.0 kappa=0.0"
    again = alice.patch(f"{SAMPLES}/1", json={"blSampleStatus": "LOADED", "code": "HA1"}).json
    assert (again["blSampleStatus"], again["code"]) == ("LOADED", "HA1")
    assert again["lastKnownCentringPosition"] == "phi=12.0 kappa=0.0"  # absent keeps
    assert alice.patch(f"{SAMPLES}/1", json={"code": None}).json["code"] == "HA1"


def test_a_sample_takes_what_else_is_known_of_it(alice):
    sent = {"isInSampleChanger": True, "comments": "iced", "holderLength": 18.0, "SMILES": "CCO"}
    sent |= {"loopLength": 0.5, "loopType": "nylon", "wireWidth": 0.02, "location": "1"}
    sent |= {"completionStage": "done", "structureStage": "solved", "publicationStage": "none"}
    sent |= {"publicationComments": "soon", "staffComments": "bent", "lastImageURL": "/data/1"}
    answer = alice.patch(f"{SAMPLES}/1", json=sent)
    assert answer.status_code == 200 and "warnings" not in answer.json
    native = alice.get("/ispyb/api/v1/samples/1").json
    for found in (answer.json, native):
        assert {name: found[name] for name in sent} == sent


def test_a_sample_stays_whose_it_is(alice):
    sent = {"name": "other", "crystalId": 2, "containerId": 2, "diffractionPlanId": 5}
    answer = alice.patch(f"{SAMPLES}/1", json=sent)
    assert {*answer.json["warnings"]} == {f"{name}: not stored" for name in sent}
    native = alice.get("/ispyb/api/v1/samples/1").json
    kept = ("name", "crystalId", "containerId", "diffractionPlanId")
    assert [native[name] for name in kept] == ["lys-x1", 1, 1, 1]


def test_what_a_sample_has_no_column_for_is_named(alice):
    sent = {
        "sampleName": "x",
        "lastKnownCentringPosition": "p" * 300,
        "blSampleStatus": "COLLECTED",
    }
    answer = alice.patch(f"{SAMPLES}/1", json=sent)
    assert answer.json["warnings"] == [
        "sampleName: not stored",
        "lastKnownCentringPosition: cut to 255 characters",
    ]
    assert answer.json["lastKnownCentringPosition"] == "p" * 255
