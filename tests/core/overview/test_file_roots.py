"""Roots of files by proposal: a path in a row of the caller fetches no file of others."""

import io
import zipfile

import pytest

from shared.config import ConfigError, load
from shared.models import DataCollection, DataCollectionFileAttachment, DataCollectionGroup
from tests.core.conftest import ALICE, BOB, CAROL, DAVE

IMAGE = "/ispyb/mxcube/images/image"
PICTURE = "/ispyb/api/v1/data_collections/{}/images/1/jpeg"


@pytest.fixture
def fetched(app, facility, add, as_, folder, monkeypatch):
    """``fetched(person, collection, path, root)`` is what a person gets who names a file in an
    image of a data collection: 1 is of session mx1-1, 2 of mx2-1 and 3 of mx2-2.
    """
    for key, session in ((1, 11), (2, 21), (3, 22)):
        group = {"dataCollectionGroupId": key}
        add(DataCollectionGroup(sessionId=session, **group))
        add(DataCollection(dataCollectionId=key, **group))

    def fetch(person, collection, path, root):
        monkeypatch.setitem(app.config["SITE"], "file_roots", [f"{folder}/{root}"])
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(path)
        body = {"dataCollectionId": collection, "imageNumber": 1, "jpegFileFullPath": str(file)}
        client = as_("somebody", person)
        assert client.post(IMAGE, json=body).status_code in (200, 201)
        answer = client.get(PICTURE.format(collection))
        return answer.text if answer.status_code == 200 else answer.status_code

    return fetch


@pytest.mark.parametrize(
    "person, collection, path, root",
    [
        (ALICE, 1, "mx1/a.jpeg", "{proposal}"),
        (ALICE, 1, "MX1/a.jpeg", "{proposal}"),
        (ALICE, 1, "2024/mx1-1/raw/a.jpeg", "*/{session}"),
        (ALICE, 1, "i03/data/mx1-1/a.jpeg", "*/data/{session}"),
        (CAROL, 2, "mx2-2/a.jpeg", "{session}"),
        (DAVE, 3, "mx2-2/a.jpeg", "{session}"),
        (ALICE, 1, "mx2/a.jpeg", ""),
    ],
)
def test_files_of_what_the_caller_sees_are_shown(fetched, person, collection, path, root):
    assert fetched(person, collection, path, root) == path


@pytest.mark.parametrize(
    "person, collection, path, root",
    [
        (ALICE, 1, "mx2/a.jpeg", "{proposal}"),
        (ALICE, 1, "mx999/a.jpeg", "{proposal}"),
        (ALICE, 1, "mx1-1/a.jpeg", "{proposal}"),
        (ALICE, 1, "mx01/a.jpeg", "{proposal}"),
        (ALICE, 1, "mx1", "{proposal}"),
        (ALICE, 1, "2024/mx2-1/a.jpeg", "*/{session}"),
        (DAVE, 3, "mx2-1/a.jpeg", "{session}"),
        (ALICE, 1, "mx1/a.jpeg", "{session}"),
        (ALICE, 1, "mx1-99999999999/a.jpeg", "{session}"),
        (ALICE, 1, "a/mx1/mx1/a.jpeg", "{proposal}"),
        (ALICE, 1, "*/a.jpeg", "{proposal}"),
    ],
)
def test_all_others_are_not_there(fetched, person, collection, path, root):
    assert fetched(person, collection, path, root) == 404


def test_no_link_leads_out(fetched, folder):
    fetched(BOB, 2, "mx2/secret.jpeg", "{proposal}")
    (folder / "mx1").mkdir()
    (folder / "mx1/a.jpeg").symlink_to(folder / "mx2/secret.jpeg")
    assert fetched(ALICE, 1, "mx1/a.jpeg", "{proposal}") == 404
    assert fetched(ALICE, 1, "mx1/../mx2/secret.jpeg", "{proposal}") == 404


def test_an_archive_leaves_out_what_is_of_others(fetched, add, as_, folder):
    assert fetched(BOB, 2, "mx2/secret.jpeg", "{proposal}") == "mx2/secret.jpeg"
    assert fetched(ALICE, 1, "mx1/a.jpeg", "{proposal}") == "mx1/a.jpeg"
    for path in ("mx1/a.jpeg", "mx2/secret.jpeg"):
        add(DataCollectionFileAttachment(dataCollectionId=1, fileFullPath=str(folder / path)))
    answer = as_("alice", ALICE).get("/ispyb/api/v1/data_collections/1/attachments/download")
    assert zipfile.ZipFile(io.BytesIO(answer.data)).namelist() == ["a.jpeg"]


@pytest.mark.parametrize("root", ["/data/{visit}", "/data/mx*", "/data/{proposal}-1", "/{*}/x"])
def test_no_other_words_are_taken(site, root):
    with pytest.raises(ConfigError, match="is no folder, nor one of the words"):
        load({**site, "file_roots": ["/data", root]})
