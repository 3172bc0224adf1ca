"""Files for those who see the rows that name them; how they are sent: tests/shared."""

import io
import zipfile
from itertools import count

import pytest
import requests

from services.core.models import (
    AutoProc,
    AutoProcScaling,
    EnergyScan,
    Image,
    MXMRRun,
    MXMRRunBlob,
    PhasingProgramAttachment,
    PhasingProgramRun,
    PhasingStep,
    RobotAction,
    XFEFluorescenceSpectrum,
)
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    ProcessingJob,
)
from tests.core.conftest import ALICE, BOB

ROOT = "/ispyb/api/v1"
TEXT = b"".join(b"line %d\n" % number for number in range(20_000))  # more than one block
FILE = f"{ROOT}/data_collections/attachments/1/file"


@pytest.fixture
def attach(add, facility, folder):
    """``attach(path)`` makes it an attachment, 1 and on, of data collection 1 of session 11."""
    group = {"dataCollectionGroupId": 1}
    add(DataCollectionGroup(sessionId=11, **group), DataCollection(dataCollectionId=1, **group))

    keys = count(1)

    def to(path):
        key = {"dataCollectionFileAttachmentId": next(keys)}
        add(DataCollectionFileAttachment(**key, dataCollectionId=1, fileFullPath=str(path)))

    return to


@pytest.fixture
def alice(as_):
    return as_("alice", ALICE)


@pytest.fixture
def text(attach, folder):
    """A text of several blocks, attached."""
    path = folder / "scan 1.log"
    path.write_bytes(TEXT)
    attach(path)
    return path


def test_hidden_and_absent_look_the_same(as_, alice, text, same):
    bob = as_("bob", BOB)
    for url in (FILE, f"{ROOT}/data_collections/1/attachments/download"):
        assert alice.get(url).status_code == 200
        same(bob.get(url), bob.get(url.replace("/1/", "/999/")))
        assert bob.get(url, headers={"Range": "bytes=999999999-"}).status_code == 404


# ------------------------------------------------------------------ which files there are


@pytest.fixture
def files(attach, add, folder):
    """A file for every column that names one, with the name of the column in it."""

    def put(name):
        path = folder / name
        path.write_text(name)
        return str(path)

    numbered = {f"xtalSnapshotFullPath{n}": put(f"snapshot {n}.jpeg") for n in (1, 2, 4)}
    add(
        DataCollectionGroup(
            dataCollectionGroupId=2, sessionId=11, xtalSnapshotFullPath=put("group.jpeg")
        ),
        DataCollection(dataCollectionId=2, dataCollectionGroupId=2, **numbered),
        Image(dataCollectionId=2, imageNumber=7, jpegFileFullPath=put("older.jpeg")),
        Image(
            dataCollectionId=2,
            imageNumber=7,
            jpegFileFullPath=put("image 7.jpeg"),
            jpegThumbnailFileFullPath=put("image 7.thumb.jpeg"),
        ),
        RobotAction(
            robotActionId=1,
            sessionId=11,
            xtalSnapshotBefore=put("before.jpeg"),
            xtalSnapshotAfter=put("after.jpeg"),
        ),
        EnergyScan(
            energyScanId=1,
            sessionId=11,
            scanFileFullPath=put("scan.raw"),
            choochFileFullPath=put("scan.efs"),
            jpegChoochFileFullPath=put("scan.png"),
        ),
        XFEFluorescenceSpectrum(
            xfeFluorescenceSpectrumId=1,
            sessionId=11,
            scanFileFullPath=put("xrf.mca"),
            jpegScanFileFullPath=put("xrf.png"),
            annotatedPymcaXfeSpectrum=put("xrf.html"),
            fittedDataFileFullPath=put("xrf.fit"),
        ),
        ProcessingJob(processingJobId=1, dataCollectionId=2),
        AutoProcProgram(autoProcProgramId=1, processingJobId=1),
    )
    for key, (name, deleted) in enumerate(
        [("aimless.log", False), ("scaled.mtz", False), ("gone.mtz", True)], 1
    ):
        put(name)
        add(
            AutoProcProgramAttachment(
                autoProcProgramAttachmentId=key,
                autoProcProgramId=1,
                filePath=str(folder),
                fileName=name,
                deleted=deleted,
            )
        )


@pytest.fixture
def solved(files, add, folder):
    """Blob 1 of a run of program 1, file 1 of a phasing, on scaling 1; bob has scaling 2."""
    for name in ("blob1.png", "final.pdb"):
        (folder / name).write_text(name)
    bobs = {"dataCollectionGroupId": 3}
    add(
        DataCollectionGroup(sessionId=21, **bobs),
        DataCollection(dataCollectionId=3, **bobs),
        ProcessingJob(processingJobId=2, dataCollectionId=3),
        AutoProcProgram(autoProcProgramId=2, processingJobId=2),
        *(AutoProc(autoProcId=key, autoProcProgramId=key) for key in (1, 2)),
        *(AutoProcScaling(autoProcScalingId=key, autoProcId=key) for key in (1, 2)),
        MXMRRun(mxMRRunId=1, autoProcScalingId=1, autoProcProgramId=1),
        MXMRRunBlob(mxMRRunBlobId=1, mxMRRunId=1, filePath=str(folder), view1="blob1.png"),
        PhasingProgramRun(phasingProgramRunId=1),
        PhasingStep(phasingStepId=1, programRunId=1, autoProcScalingId=1),
        PhasingProgramAttachment(
            phasingProgramAttachmentId=1,
            phasingProgramRunId=1,
            filePath=str(folder),
            fileName="final.pdb",
        ),
    )


BLOB = f"{ROOT}/autoproc/mr_blobs/1/views"
PHASING = f"{ROOT}/autoproc/phasing/attachments/1/file"


def test_what_came_of_a_model_is_of_its_scaling(alice, as_, solved, same):
    assert alice.get(f"{BLOB}/1").text == "blob1.png"
    assert alice.get(PHASING).text == "final.pdb"
    for url in (f"{BLOB}/2", f"{BLOB}/4", f"{BLOB}/filePath"):
        assert alice.get(url).status_code == 404
    bob = as_("bob", BOB)
    for url in (f"{BLOB}/1", PHASING):
        same(bob.get(url), bob.get(url.replace("/1/", "/999/")))


def test_one_hidden_scaling_hides_what_came_of_all(alice, as_, solved, add, folder):
    add(
        PhasingStep(phasingStepId=2, programRunId=1, autoProcScalingId=2),
        MXMRRun(mxMRRunId=2, autoProcScalingId=1, autoProcProgramId=2),
        MXMRRunBlob(mxMRRunBlobId=2, mxMRRunId=2, filePath=str(folder), view1="blob1.png"),
    )
    staff = as_("staff", 9, "all_sessions")
    assert staff.get(PHASING).status_code == 200
    for client in (alice, as_("bob", BOB)):
        assert client.get(PHASING).status_code == 404
    other = BLOB.replace("/1/", "/2/")
    assert (staff.get(f"{other}/1").status_code, alice.get(f"{other}/1").status_code) == (200, 404)


WHERE = {
    "data_collections/2/snapshots/1": "snapshot 1.jpeg",
    "data_collections/2/snapshots/4": "snapshot 4.jpeg",
    "data_collections/groups/2/snapshot": "group.jpeg",
    "data_collections/2/images/7/jpeg": "image 7.jpeg",
    "data_collections/2/images/7/thumbnail": "image 7.thumb.jpeg",
    "beamline/robot_actions/1/snapshots/before": "before.jpeg",
    "beamline/robot_actions/1/snapshots/after": "after.jpeg",
    "energy_scans/1/files/scan": "scan.raw",
    "energy_scans/1/files/chooch": "scan.efs",
    "energy_scans/1/files/plot": "scan.png",
    "xrf_spectra/1/files/scan": "xrf.mca",
    "xrf_spectra/1/files/plot": "xrf.png",
    "xrf_spectra/1/files/annotated": "xrf.html",
    "xrf_spectra/1/files/fitted": "xrf.fit",
    "autoproc/programs/attachments/1/file": "aimless.log",
    "autoproc/programs/attachments/2/file": "scaled.mtz",
}


@pytest.mark.parametrize("url", WHERE)
def test_each_column_has_its_url(alice, as_, files, same, url):
    found = alice.get(f"{ROOT}/{url}")
    assert (found.status_code, found.text) == (200, WHERE[url])
    same(as_("bob", BOB).get(f"{ROOT}/{url}"), alice.get(f"{ROOT}/data_collections/9/snapshots/1"))


@pytest.mark.parametrize(
    "url",
    [
        "data_collections/2/snapshots/3",
        "data_collections/2/snapshots/5",
        "data_collections/2/snapshots/imageDirectory",
        "data_collections/1/snapshots/1",
        "data_collections/2/images/8/jpeg",
        "data_collections/2/images/7/raw",
        "energy_scans/1/files/comments",
        "autoproc/programs/attachments/3/file",
    ],
)
def test_what_is_not_named_is_not_there(alice, files, url):
    assert alice.get(f"{ROOT}/{url}").status_code == 404


# ------------------------------------------------------------------ many in one


def test_all_attachments_come_as_one_zip(alice, attach, folder):
    for name in ("a/scan.log", "b/scan.log", "b/c/plot.png"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(TEXT + name.encode())
        attach(path)
    attach(folder / "a" / "scan.log")  # twice
    attach(folder / "gone.log")
    attach("/etc/passwd")
    answer = alice.get(f"{ROOT}/data_collections/1/attachments/download")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    disposition = answer.headers["Content-Disposition"]
    assert disposition == "attachment; filename=data_collection_1.zip"
    assert answer.content_length == len(answer.data)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as found:
        assert found.testzip() is None
        assert sorted(found.namelist()) == ["a/scan.log", "b/c/plot.png", "b/scan.log"]
        assert found.read("b/scan.log") == TEXT + b"b/scan.log"


def test_what_a_program_wrote_comes_as_one_zip(alice, as_, files, same):
    url = f"{ROOT}/autoproc/programs/1/attachments/download"
    with zipfile.ZipFile(io.BytesIO(alice.get(url).data)) as found:
        assert {name: found.read(name).decode() for name in found.namelist()} == {
            "aimless.log": "aimless.log",
            "scaled.mtz": "scaled.mtz",
        }
    bob = as_("bob", BOB)
    same(bob.get(url), bob.get(url.replace("/1/", "/999/")))


def test_they_come_through_the_gateway(server, token, text):
    with requests.Session() as alice:  # whose connection lives on: each answer is as long as said
        alice.headers["Authorization"] = f"Bearer {token('alice', ALICE)}"
        assert alice.get(f"{server}{FILE}").content == TEXT
        part = alice.get(f"{server}{FILE}", headers={"Range": "bytes=70000-140000"})
        assert (part.status_code, part.content) == (206, TEXT[70_000:140_001])
        head = alice.head(f"{server}{FILE}")
        assert (head.content, head.headers["Content-Length"]) == (b"", str(len(TEXT)))
        tag = {"If-None-Match": head.headers["ETag"]}
        assert alice.get(f"{server}{FILE}", headers=tag).status_code == 304
        zipped = alice.get(f"{server}{ROOT}/data_collections/1/attachments/download")
        with zipfile.ZipFile(io.BytesIO(zipped.content)) as found:
            assert found.read(text.name) == TEXT
        beyond = alice.get(f"{server}{FILE}", headers={"Range": "bytes=900000-"})
        assert (beyond.status_code, beyond.json()["status"]) == (416, 416)


# ------------------------------------------------------------------ without a header


@pytest.fixture
def sign(built, token):
    """``sign(url)`` is a link that alice made to it."""

    def make(url):
        client = built("auth").test_client()
        bearer = {"Authorization": f"Bearer {token('alice', ALICE)}"}
        made = client.post(f"{ROOT}/user/sign", json={"url": url}, headers=bearer)
        assert made.status_code == 201, made.text
        return made.json["url"]

    return make


def test_a_link_fetches_it_once(app, text, sign):
    link = sign(FILE)
    nobody = app.test_client()
    assert nobody.get(FILE).status_code == 401
    assert nobody.get(link).data == TEXT
    assert nobody.get(link).status_code == 401


def test_a_link_is_for_one_file(app, text, sign):
    link, nobody = sign(FILE), app.test_client()
    assert nobody.get(link.replace("/1/", "/2/")).status_code == 401
    assert nobody.get(f"{link}&download=true").status_code == 401
    assert nobody.get(sign(f"{FILE}?download=true")).data == TEXT
