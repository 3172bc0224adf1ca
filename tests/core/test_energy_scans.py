"""Energy scans: seen by those who see the session."""

import pytest

from services.core.models import EnergyScan

URL = "/ispyb/api/v1/energy_scans"
WRITER = ("gda", None, "mx_write", "all_proposals")
NEW = {
    "sessionId": 11,
    "blSampleId": 1,
    "element": "Se",
    "edgeEnergy": "K",
    "startEnergy": 12.5,
    "peakFPrime": -8.25,
    "flux": 1.1e11,
    "startTime": "2024-05-11T13:40:00",
    "endTime": "2024-05-11T13:41:10",
}


@pytest.fixture
def energy_scans(stock, add):
    """1 in session 11, 2 in 21 and 3 in 22."""
    for key, session in ((1, 11), (2, 21), (3, 22)):
        add(EnergyScan(energyScanId=key, sessionId=session))


def ids(response):
    assert response.status_code == 200, response.json
    return [row["energyScanId"] for row in response.json["results"]]


@pytest.mark.parametrize(
    "caller, query, expected",
    [
        (("alice", 1), "", [1]),
        (("carol", 3), "", [3, 2]),
        (("carol", 3), "?beamLineName=i04", [2]),
        (("carol", 3), "?proposal=mx2&sessionId=22", [3]),
        (("dave", 4), "", [3]),
        (("erin", 5), "", []),
        (("erin", 5, "mx_admin"), "", [3, 1]),
    ],
)
def test_who_sees_which(as_, energy_scans, caller, query, expected):
    assert ids(as_(*caller).get(URL + query)) == expected


def test_create_and_change(as_, energy_scans):
    made = as_(*WRITER).post(URL, json=NEW)
    assert (made.status_code, {**made.json, **NEW}) == (201, made.json)
    url = f"{URL}/{made.json['energyScanId']}"
    change = {"blSampleId": 2, "comments": "good", "flux": -9999}
    changed = as_(*WRITER).patch(url, json=change).json
    assert changed == {**made.json, "blSampleId": 2, "comments": "good", "flux": None}
    assert as_("alice", 1).get(url).json == changed


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_none_goes_to_a_hidden_parent(as_, energy_scans, same, verb, key):
    alice = as_("alice", 1, "mx_write")
    for body, status in (({"sessionId": 21}, 404), ({"sessionId": 11, "blSampleId": 3}, 424)):
        absent = {**body, [*body][-1]: 999}
        answers = [getattr(alice, verb)(URL + key, json=each) for each in (body, absent)]
        assert answers[0].status_code == status
        same(*answers)
    same(alice.patch(f"{URL}/2", json={}), alice.patch(f"{URL}/999", json={}))
    assert as_("alice", 1).post(URL, json=NEW).status_code == 403


def test_a_token_of_a_beamline_writes_to_no_other(as_, energy_scans):
    gda = as_("gda", None, "mx_write", service=True, beamlines=["i04"])
    assert gda.post(URL, json={"sessionId": 11}).status_code == 404
    assert gda.post(URL, json={"sessionId": 21}).status_code == 201
    assert gda.patch(f"{URL}/2", json={"sessionId": 22}).status_code == 404
    assert gda.patch(f"{URL}/3", json={"comments": "x"}).status_code == 404


@pytest.mark.parametrize(
    "change, field",
    [
        ({"sessionId": None}, "sessionId"),
        ({"endTime": "2024-01-01T00:00:00"}, "endTime"),
        ({"workingDirectory": "x" * 46}, "workingDirectory"),
        ({"comments": "日"}, "comments"),
        ({"energyScanId": 1}, "energyScanId"),
        ({"flux": "bright"}, "flux"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_a_bad_field_is_named(as_, energy_scans, verb, key, change, field):
    answer = getattr(as_(*WRITER), verb)(URL + key, json=NEW | change)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
