"""The tests that all rows recorded below a session have in common."""

from typing import Any

import pytest

WRITER = ("gda", None, "mx_write", "all_proposals")
NEW = {
    "sessionId": 11,
    "blSampleId": 1,
    "flux": 1.1e11,
    "startTime": "2024-05-11T13:40:00",
    "endTime": "2024-05-11T13:41:10",
}


class OfSessions:
    """The tests of one kind: ``longest`` is how long the name of its folder may be."""

    url: str
    model: Any
    key: str
    new: dict
    longest: int

    @pytest.fixture
    def stored(self, stock, add):
        """1 in session 11, 2 in 21 and 3 in 22."""
        for key, session in ((1, 11), (2, 21), (3, 22)):
            add(self.model(**{self.key: key, "sessionId": session}))

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
    def test_who_sees_which(self, as_, stored, caller, query, expected):
        answer = as_(*caller).get(self.url + query)
        assert answer.status_code == 200, answer.json
        assert [row[self.key] for row in answer.json["results"]] == expected

    def test_create_and_change(self, as_, stored):
        made = as_(*WRITER).post(self.url, json=self.new)
        assert (made.status_code, {**made.json, **self.new}) == (201, made.json)
        url = f"{self.url}/{made.json[self.key]}"
        change = {"blSampleId": 2, "comments": "good", "flux": -9999}
        changed = as_(*WRITER).patch(url, json=change).json
        assert changed == {**made.json, "blSampleId": 2, "comments": "good", "flux": None}
        assert as_("alice", 1).get(url).json == changed

    @pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
    def test_none_goes_to_a_hidden_parent(self, as_, stored, same, verb, key):
        alice = as_("alice", 1, "mx_write")
        for body, status in (({"sessionId": 21}, 404), ({"sessionId": 11, "blSampleId": 3}, 424)):
            absent = {**body, [*body][-1]: 999}
            answers = [getattr(alice, verb)(self.url + key, json=each) for each in (body, absent)]
            assert answers[0].status_code == status
            same(*answers)
        same(alice.patch(f"{self.url}/2", json={}), alice.patch(f"{self.url}/999", json={}))
        assert as_("alice", 1).post(self.url, json=self.new).status_code == 403

    def test_a_token_of_a_beamline_writes_to_no_other(self, as_, stored):
        gda = as_("gda", None, "mx_write", service=True, beamlines=["i04"])
        assert gda.post(self.url, json={"sessionId": 11}).status_code == 404
        assert gda.post(self.url, json={"sessionId": 21}).status_code == 201
        assert gda.patch(f"{self.url}/2", json={"sessionId": 22}).status_code == 404
        assert gda.patch(f"{self.url}/3", json={"comments": "x"}).status_code == 404

    @pytest.mark.parametrize(
        "field, value",
        [
            ("sessionId", None),
            ("endTime", "2024-01-01T00:00:00"),
            ("comments", "日"),
            ("flux", "bright"),
            ("workingDirectory", "too long"),
        ],
    )
    @pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
    def test_a_bad_field_is_named(self, as_, stored, verb, key, field, value):
        value = "x" * (self.longest + 1) if value == "too long" else value
        answer = getattr(as_(*WRITER), verb)(self.url + key, json=self.new | {field: value})
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])

    def test_a_folder_of_the_longest_name_is_taken(self, as_, stored):
        body = self.new | {"workingDirectory": "x" * self.longest}
        assert as_(*WRITER).post(self.url, json=body).status_code == 201
