"""What beamlines record below a session, all alike: energy scans and fluorescence spectra."""

from dataclasses import dataclass
from typing import Any

import pytest

from services.core.models import EnergyScan, XFEFluorescenceSpectrum

ROOT = "/ispyb/api/v1"
WRITER = ("gda", None, "mx_write", "all_proposals")
NEW = {
    "sessionId": 11,
    "blSampleId": 1,
    "flux": 1.1e11,
    "startTime": "2024-05-11T13:40:00",
    "endTime": "2024-05-11T13:41:10",
}
SCANNED = {"element": "Se", "edgeEnergy": "K", "startEnergy": 12.5, "peakFPrime": -8.25}
SPREAD = {"energy": 14.25, "exposureTime": 3.0, "scanFileFullPath": "/data/pyarch/xrf_1.dat"}


@dataclass(frozen=True)
class Kind:
    """What differs: ``longest`` is how long the name of its folder may be."""

    url: str
    model: Any
    key: str
    new: dict
    longest: int


ENERGY_SCANS = Kind(f"{ROOT}/energy_scans", EnergyScan, "energyScanId", NEW | SCANNED, 45)
XRF_SPECTRA = Kind(
    f"{ROOT}/xrf_spectra", XFEFluorescenceSpectrum, "xfeFluorescenceSpectrumId", NEW | SPREAD, 512
)


@pytest.fixture(params=[ENERGY_SCANS, XRF_SPECTRA], ids=lambda kind: kind.model.__name__)
def kind(request, stock, add):
    """A kind of records, of which 1 is in session 11, 2 in 21 and 3 in 22."""
    for key, session in ((1, 11), (2, 21), (3, 22)):
        add(request.param.model(**{request.param.key: key, "sessionId": session}))
    return request.param


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
def test_who_sees_which(as_, kind, caller, query, expected):
    answer = as_(*caller).get(kind.url + query)
    assert answer.status_code == 200, answer.json
    assert [row[kind.key] for row in answer.json["results"]] == expected


def test_create_and_change(as_, kind):
    made = as_(*WRITER).post(kind.url, json=kind.new)
    assert (made.status_code, {**made.json, **kind.new}) == (201, made.json)
    url = f"{kind.url}/{made.json[kind.key]}"
    change = {"blSampleId": 2, "comments": "good", "flux": -9999}
    changed = as_(*WRITER).patch(url, json=change).json
    assert changed == {**made.json, "blSampleId": 2, "comments": "good", "flux": None}
    assert as_("alice", 1).get(url).json == changed


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_none_goes_to_a_hidden_parent(as_, kind, same, verb, key):
    alice = as_("alice", 1, "mx_write")
    for body, status in (({"sessionId": 21}, 404), ({"sessionId": 11, "blSampleId": 3}, 424)):
        absent = {**body, [*body][-1]: 999}
        answers = [getattr(alice, verb)(kind.url + key, json=each) for each in (body, absent)]
        assert answers[0].status_code == status
        same(*answers)
    same(alice.patch(f"{kind.url}/2", json={}), alice.patch(f"{kind.url}/999", json={}))
    assert as_("alice", 1).post(kind.url, json=kind.new).status_code == 403


def test_a_token_of_a_beamline_writes_to_no_other(as_, kind):
    gda = as_("gda", None, "mx_write", service=True, beamlines=["i04"])
    assert gda.post(kind.url, json={"sessionId": 11}).status_code == 404
    assert gda.post(kind.url, json={"sessionId": 21}).status_code == 201
    assert gda.patch(f"{kind.url}/2", json={"sessionId": 22}).status_code == 404
    assert gda.patch(f"{kind.url}/3", json={"comments": "x"}).status_code == 404


@pytest.mark.parametrize(
    "field, value",
    [
        ("sessionId", None),
        ("endTime", "2024-01-01T00:00:00"),
        ("comments", "日"),
        ("flux", "bright"),
        ("own key", 1),
        ("workingDirectory", "too long"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_a_bad_field_is_named(as_, kind, verb, key, field, value):
    field = kind.key if field == "own key" else field
    value = "x" * (kind.longest + 1) if value == "too long" else value
    answer = getattr(as_(*WRITER), verb)(kind.url + key, json=kind.new | {field: value})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_folder_of_the_longest_name_is_taken(as_, kind):
    body = kind.new | {"workingDirectory": "x" * kind.longest}
    assert as_(*WRITER).post(kind.url, json=body).status_code == 201
