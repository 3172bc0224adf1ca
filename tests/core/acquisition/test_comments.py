"""Comments on data collections: every person who sees one may comment, in the own name."""

from datetime import datetime, timedelta

import pytest

from shared.models import DataCollection, DataCollectionComment, DataCollectionGroup

URL = "/ispyb/api/v1/data_collections"


@pytest.fixture
def collections(facility, add):
    """Data collections 1 of session 11 and 2 of 22, with a comment of carol."""
    for key, session in ((1, 11), (2, 22)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
        )
    add(
        DataCollectionComment(
            dataCollectionCommentId=1, dataCollectionId=2, personId=3, comments="ice"
        )
    )


def test_who_sees_may_comment(as_, collections):
    made = as_("dave", 4).post(f"{URL}/2/comments", json={"comments": "twinned"})
    assert made.status_code == 201, made.json
    assert (made.json["personId"], made.json["Person"]["login"]) == (4, "dave")
    when = datetime.fromisoformat(made.json["createTime"])
    assert abs(when - datetime.now()) < timedelta(minutes=1)
    shown = as_("carol", 3).get(f"{URL}/2/comments").json["results"]
    assert [(row["Person"]["login"], row["comments"]) for row in shown] == [
        ("carol", "ice"),
        ("dave", "twinned"),
    ]
    assert as_("carol", 3).get(f"{URL}/2").json["_metadata"]["comments"] == 2
    found = as_("carol", 3).get(f"{URL}/2/comments?personId=4").json["results"]
    assert found == [made.json]


def test_hidden_and_absent_are_the_same(as_, collections, same, count):
    for verb, what in (("get", "comments"), ("post", "comments"), ("delete", "comments/1")):
        body = {"json": {"comments": "x"}} if verb == "post" else {}
        hidden, absent = (
            getattr(as_("alice", 1), verb)(f"{URL}/{n}/{what}", **body) for n in (2, 9)
        )
        assert hidden.status_code == 404
        same(hidden, absent)
    assert count(DataCollectionComment) == 1


def test_only_ones_own_is_deleted(as_, collections, count):
    for caller in (("dave", 4), ("bob", 2), ("staff", None, "all_sessions", "mx_write")):
        assert as_(*caller).delete(f"{URL}/2/comments/1").status_code == 404
    carol = as_("carol", 3)
    assert carol.delete(f"{URL}/1/comments/1").status_code == 404
    assert count(DataCollectionComment) == 1
    assert carol.delete(f"{URL}/2/comments/1").json["comments"] == "ice"
    assert count(DataCollectionComment) == 0


def test_a_program_has_no_name_to_say_it_in(as_, collections):
    program = as_("gda", None, "mx_write", "all_sessions", service=True)
    assert program.post(f"{URL}/1/comments", json={"comments": "x"}).status_code == 403
    assert program.get(f"{URL}/2/comments").json["total"] == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"comments": None}, {"comments": ""}, {"comments": "x" * 4001}, {"comments": "日"}],
)
def test_a_bad_comment_is_refused(as_, collections, body):
    answer = as_("alice", 1).post(f"{URL}/1/comments", json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["comments"])


def test_the_author_is_the_caller(as_, collections):
    made = as_("alice", 1).post(f"{URL}/1/comments", json={"comments": "x", "personId": 2})
    assert (made.status_code, made.json["personId"]) == (201, 1)
