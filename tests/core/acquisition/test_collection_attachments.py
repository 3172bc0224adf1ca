"""Files of data collections, as the database names them."""

import pytest

from shared.models import DataCollection, DataCollectionFileAttachment, DataCollectionGroup

URL = "/ispyb/api/v1/data_collections"
FILE = {"fileFullPath": "/data/mx1/lys_1.log", "fileType": "log"}


@pytest.fixture
def collections(facility, add):
    """Data collections 1 of session 11 and 2 of 21."""
    for key, session in ((1, 11), (2, 21)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
        )


@pytest.mark.parametrize("permission", ["mx_write", "processing_write"])
def test_a_file_is_noted(as_, collections, permission):
    url = f"{URL}/1/attachments"
    made = as_("zocalo", None, permission, "all_sessions").post(url, json=FILE)
    assert (made.status_code, {**made.json, **FILE}) == (201, made.json)
    assert (made.json["dataCollectionId"], made.json["createTime"] is None) == (1, False)
    assert as_("alice", 1).get(url).json["results"] == [made.json]
    assert as_("alice", 1).get(f"{url}?fileType=snapshot").json["results"] == []
    assert as_("alice", 1).get(f"{URL}/1").json["_metadata"]["attachments"] == 1


def test_hidden_and_absent_are_the_same(as_, collections, same, count):
    alice = as_("alice", 1, "mx_write")
    for verb, body in (("get", {}), ("post", {"json": FILE})):
        hidden, absent = (getattr(alice, verb)(f"{URL}/{n}/attachments", **body) for n in (2, 9))
        assert hidden.status_code == 404
        same(hidden, absent)
    assert as_("alice", 1).post(f"{URL}/1/attachments", json=FILE).status_code == 403
    assert count(DataCollectionFileAttachment) == 0


@pytest.mark.parametrize(
    "field, value",
    [
        ("fileFullPath", None),
        ("fileFullPath", "x" * 256),
        ("fileType", "movie"),
    ],
)
def test_a_bad_field_is_named(as_, collections, field, value):
    client = as_("gda", None, "mx_write", "all_sessions")
    answer = client.post(f"{URL}/1/attachments", json=FILE | {field: value})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
