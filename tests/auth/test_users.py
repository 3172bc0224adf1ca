"""The caller's own affairs."""

from shared.models import Person


def test_who_the_caller_is(as_, add):
    add(Person(personId=7, login="alice", givenName="Alice", familyName="Moreau"))
    me = as_("alice", 7, "mx_admin").get("/ispyb/api/v1/user/current")
    assert me.status_code == 200
    assert me.json == {
        "login": "alice",
        "personId": 7,
        "givenName": "Alice",
        "familyName": "Moreau",
        "Permissions": ["mx_admin"],
        "beamLineGroups": ["MX"],
        "beamLines": ["i03"],
    }
