"""Setups of beamlines: every signed-in caller reads them, software of the beamline writes them."""

import pytest

from shared.models import BeamLineSetup, Detector

URL = "/ispyb/api/v1/beamline/setups"
WRITER = ("gda", None, "mx_write", "all_sessions")
NEW = {
    "beamlineName": "i03",
    "detectorId": 7,
    "active": True,
    "setupDate": "2024-05-11T08:00:00",
    "synchrotronMode": "hybrid",
    "polarisation": 0.5,
    "numberOfImagesMax": 10000,
}


@pytest.fixture
def setups(facility, add):
    """Setups 1 of i03, 2 of i04 and 3 of no beamline; detector 7."""
    add(Detector(detectorId=7, detectorModel="EIGER"))
    for key, beamline in ((1, "i03"), (2, "i04"), (3, None)):
        add(BeamLineSetup(beamLineSetupId=key, beamlineName=beamline))


def test_create_and_link_to_a_session(as_, setups):
    made = as_(*WRITER).post(URL, json=NEW)
    assert (made.status_code, {**made.json, **NEW}) == (201, made.json)
    assert made.json["Detector"]["detectorModel"] == "EIGER"
    key = made.json["beamLineSetupId"]
    session = "/ispyb/api/v1/sessions/11"
    linked = as_(*WRITER).patch(session, json={"beamLineSetupId": key}).json
    assert linked["BeamLineSetup"]["synchrotronMode"] == "hybrid"
    changed = as_(*WRITER).patch(f"{URL}/{key}", json={"synchrotronMode": "low alpha"}).json
    assert changed == {**made.json, "synchrotronMode": "low alpha"}
    assert as_("erin", 5).get(f"{URL}/{key}").json == changed
    found = as_("erin", 5).get(f"{URL}?beamlineName=i03").json["results"]
    assert [row["beamLineSetupId"] for row in found] == [key, 1]


def test_a_token_of_a_beamline_writes_to_no_other(as_, setups):
    gda = as_("gda", None, "mx_write", service=True, beamlines=["i03"])
    assert gda.post(URL, json=NEW).status_code == 201
    assert gda.post(URL, json=NEW | {"beamlineName": "i04"}).status_code == 403
    assert gda.post(URL, json={}).status_code == 403
    codes = [gda.patch(f"{URL}/{n}", json={"CS": 2.7}).status_code for n in (1, 2, 3, 99)]
    assert codes == [200, 404, 404, 404]
    assert gda.patch(f"{URL}/1", json={"beamlineName": "i04"}).status_code == 403
    assert gda.patch(f"{URL}/1", json={"beamlineName": None}).status_code == 403


def test_only_software_writes(as_, setups):
    assert as_("alice", 1).post(URL, json=NEW).status_code == 403
    assert as_("alice", 1).patch(f"{URL}/1", json={}).status_code == 403


@pytest.mark.parametrize(
    "field, value, status",
    [
        ("active", None, 422),
        ("numberOfImagesMax", 2**24, 422),
        ("beamlineName", "x" * 51, 422),
        ("setupDate", "2024-05-11T08:00:00+02:00", 422),
        ("detectorId", 8, 424),
    ],
)
def test_a_bad_field_is_named(as_, setups, field, value, status):
    for verb, url in (("post", URL), ("patch", f"{URL}/1")):
        answer = getattr(as_(*WRITER), verb)(url, json={field: value})
        assert (answer.status_code, list(answer.json["errors"])) == (status, [field])
