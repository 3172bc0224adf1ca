"""Detectors: every signed-in caller reads them, software writes them."""

import pytest

from shared.models import BeamLineSetup, Detector

URL = "/ispyb/api/v1/beamline/detectors"
WRITER = ("gda", None, "mx_write")
NEW = {
    "detectorManufacturer": "DECTRIS",
    "detectorModel": "EIGER2 X 16M",
    "detectorType": "pixel",
    "detectorSerialNumber": "E-32-0101",
    "numberOfPixelsX": 4148,
    "detectorMaxResolution": 1.25,
    "detectorDistanceMin": 75.5,
}


@pytest.fixture
def detectors(add):
    """Detectors 1 to 3; 2 is in use on i03, 3 on i03 and i04."""
    for key, model in ((1, "Pilatus"), (2, "EIGER X 4M"), (3, "EIGER X 4M")):
        add(Detector(detectorId=key, detectorManufacturer="Dectris", detectorModel=model))
    for beamline, detector in (("i03", 2), ("i03", 3), ("i04", 3)):
        add(BeamLineSetup(beamlineName=beamline, detectorId=detector))


def test_create_and_change(as_, app, count):
    made = as_(*WRITER).post(URL, json=NEW)
    assert (made.status_code, {**made.json, **NEW}) == (201, made.json)
    url = f"{URL}/{made.json['detectorId']}"
    changed = as_(*WRITER).patch(url, json={"localName": "eiger", "overload": -9999}).json
    assert changed == {**made.json, "localName": "eiger"}
    assert as_("erin", 5).get(url).json == changed
    assert as_("erin", 5).get(f"{URL}?search=X 16").json["results"] == [changed]
    assert as_(*WRITER).post(URL, json=NEW).status_code == 409
    assert count(Detector) == 1


def test_a_token_of_a_beamline_leaves_the_detectors_of_others(as_, detectors):
    gda = as_("gda", None, "mx_write", service=True, beamlines=["i03"])
    codes = [gda.patch(f"{URL}/{n}", json={"localName": "x"}).status_code for n in (1, 2, 3, 4)]
    assert codes == [200, 200, 403, 404]
    assert gda.post(URL, json={}).status_code == 201


@pytest.mark.parametrize(
    "names, expected",
    [
        ({"manufacturer": "DECTRIS"}, 1),
        ({"manufacturer": "dectris", "model": "eiger x 4m"}, 2),
        ({"model": "EIGER X 4M", "type": ""}, 2),
        ({"model": "Jungfrau"}, None),
    ],
)
def test_the_first_detector_of_its_names_in_any_case(as_, detectors, names, expected):
    answer = as_("erin", 5).get("/ispyb/mxcube/detectors", query_string=names)
    assert answer.json.get("detectorId") == expected
    assert answer.status_code == (200 if expected else 404)


def test_only_software_writes(as_, detectors):
    assert as_("erin", 5).post(URL, json=NEW).status_code == 403
    assert as_("erin", 5).patch(f"{URL}/1", json={}).status_code == 403


@pytest.mark.parametrize(
    "field, value",
    [
        ("numberOfPixelsX", 2**23),
        ("detectorSerialNumber", "x" * 31),
        ("composition", "x" * 17),
        ("density", "heavy"),
    ],
)
def test_a_bad_field_is_named(as_, detectors, field, value):
    for verb, url in (("post", URL), ("patch", f"{URL}/1")):
        answer = getattr(as_(*WRITER), verb)(url, json={field: value})
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
