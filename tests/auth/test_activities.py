"""The audit trail."""

from tests.auth.conftest import ROOT

ACTIVITY = f"{ROOT}/auth/activity"


def test_the_trail_of_an_afternoon(sign_in, as_):
    sign_in("alice")
    sign_in("bob", password="guess")
    manager = as_("ada", 1, "manage_groups")
    manager.post(f"{ROOT}/auth/groups", json={"name": "mx"})
    manager.post(f"{ROOT}/auth/groups", json={"name": ""})
    reader = as_("eve", 2, "view_activity")
    page = reader.get(ACTIVITY).json
    assert [(row["login"], row["action"], row["status"]) for row in page["results"]] == [
        ("ada", "POST", 201),
        ("bob", "refused", 401),
        ("alice", "login", 201),
    ]
    made = page["results"][0]
    assert (made["path"], made["fields"]) == (f"{ROOT}/auth/groups", "name")
    assert (made["service"], made["address"]) == ("auth", "127.0.0.1")
    assert len(made["requestId"]) == 32 and made["time"] > "2020"


def test_the_trail_is_searched_like_any_list(sign_in, as_):
    for name in ("alice", "bob", "carol"):
        sign_in(name)
    reader = as_("eve", 2, "view_activity")
    page = reader.get(f"{ACTIVITY}?login__in=alice,bob&sort=login&fields=login").json
    assert page["results"] == [{"login": "alice"}, {"login": "bob"}]
    first = reader.get(f"{ACTIVITY}?limit=2").json
    rest = reader.get(f"{ACTIVITY}?limit=2&after={first['next']}").json
    assert [row["login"] for row in first["results"] + rest["results"]] == [
        "carol",
        "bob",
        "alice",
    ]
    assert reader.get(f"{ACTIVITY}?time__gte=2999-01-01T00:00:00").json["total"] == 0
    assert reader.get(f"{ACTIVITY}?lgin=alice").status_code == 422


def test_the_trail_is_not_for_everybody(as_):
    assert as_("alice", 7, "manage_groups", "all_proposals").get(ACTIVITY).status_code == 403
