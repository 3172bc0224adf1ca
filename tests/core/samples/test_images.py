"""Pictures of samples: recorded by software, scored by persons, shown as files."""

from shared.models import BLSampleImage, BLSampleImageScore
from tests.bodies import LEFT_OUT
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, inside, usual

URL = "/ispyb/api/v1/samples/images"
ROUTES = [
    *usual(
        *("/samples/images", "blSampleImageId", "image", {"blSampleId": 1}, "SampleImage"),
        deleted=200,
    ),
    Route("get /samples/images/{image_id}/file", inside(), path={"image_id": 7}),
]
ODD = {"imageFullPath": LEFT_OUT}  # persons name no files


def rows(key):
    yield BLSampleImage(blSampleImageId=key, blSampleId=key)


def extras(folder):
    """Picture 7 of sample 1; it is the file that the world of core makes."""
    yield BLSampleImage(blSampleImageId=7, blSampleId=1, imageFullPath=str(folder / "a.jpeg"))


def mixed(beamline):
    yield BLSampleImage(blSampleImageId=900, blSampleId=900, comments="SECRET")


def test_software_names_the_file_and_persons_score_it(as_, stock, add, folder, same):
    add(BLSampleImageScore(blSampleImageScoreId=3, name="Crystals", colour="#00ff00"))
    path = folder / "drop.jpeg"
    path.write_bytes(b"a picture")
    imager = as_("imager", None, "mx_write", service=True, beamlines=["i03"])
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    body = {"blSampleId": 1, "imageFullPath": str(path), "micronsPerPixelX": 1.5}
    refused = alice.post(URL, json=body)
    assert (refused.status_code, "imageFullPath" in refused.json["detail"]) == (403, True)
    reader = as_("imager", None, service=True, beamlines=["i03"])
    assert reader.post(URL, json=body).status_code == 403
    made = imager.post(URL, json=body)
    assert made.status_code == 201, made.text
    url = f"{URL}/{made.json['blSampleImageId']}"
    twice = imager.post(URL, json=body)
    assert (twice.status_code, [*twice.json["errors"]]) == (409, ["imageFullPath"])
    assert alice.patch(url, json={"imageFullPath": "/etc/passwd"}).status_code == 403
    scored = alice.patch(url, json={"blSampleImageScoreId": 3, "comments": "a needle"}).json
    assert scored["BLSampleImageScore"]["name"] == "Crystals"
    assert alice.put(url, json=scored).json == scored
    assert alice.get(f"{URL}?blSampleImageScoreId=3").json["results"] == [scored]
    shown = alice.get(f"{url}/file")
    assert (shown.status_code, shown.data, shown.mimetype) == (200, b"a picture", "image/jpeg")
    for end in ("", "/file"):
        same(bob.get(f"{url}{end}"), bob.get(f"{URL}/999{end}"))
    assert alice.delete(url).status_code == 200
    assert alice.get(f"{url}/file").status_code == 404
