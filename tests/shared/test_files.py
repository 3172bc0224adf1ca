"""Sending files: whole or in parts, as browsers need them, and nothing from outside the roots."""

import errno
import io
import logging
import os
import zipfile
from itertools import count
from pathlib import Path

import pytest

from shared.log import LOGGER
from shared.models import (
    BLSession,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    Person,
    Proposal,
)

ROOT = "/ispyb/api/v1/data_collections"
TEXT = b"".join(b"line %d\n" % number for number in range(20_000))  # more than one block
FILE = f"{ROOT}/attachments/1/file"
ZIP = f"{ROOT}/1/attachments/download"
POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@pytest.fixture
def attach(add):
    """``attach(path)`` makes it an attachment, 1 and on, of data collection 1."""
    add(
        Person(personId=1),
        Proposal(proposalId=1, personId=1),
        BLSession(sessionId=1, proposalId=1),
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=1),
        DataCollection(dataCollectionId=1, dataCollectionGroupId=1),
    )

    keys = count(1)

    def to(path):
        key = {"dataCollectionFileAttachmentId": next(keys)}
        add(DataCollectionFileAttachment(**key, dataCollectionId=1, fileFullPath=str(path)))

    return to


@pytest.fixture
def alice(as_):
    return as_("alice", 1)


@pytest.fixture
def text(attach, folder):
    """A text of several blocks, attached."""
    path = folder / "scan 1.log"
    path.write_bytes(TEXT)
    attach(path)
    return path


def test_a_file_comes_as_it_is(alice, text):
    answer = alice.get(FILE)
    assert (answer.status_code, answer.data) == (200, TEXT)
    assert answer.content_length == len(TEXT)
    assert answer.mimetype == "text/plain"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"] == 'inline; filename="scan 1.log"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == POLICY
    kept = alice.get(f"{FILE}?download=true").headers["Content-Disposition"]
    assert kept == 'attachment; filename="scan 1.log"'


def test_only_its_head_is_asked_for(alice, text):
    answer = alice.head(FILE)
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", len(TEXT))


@pytest.mark.parametrize(
    "range_, part",
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=7-19", slice(7, 20)),
        ("bytes=70000-140000", slice(70_000, 140_001)),
        ("bytes=-5", slice(-5, None)),
        ("bytes=100-", slice(100, None)),
        ("bytes=5-999999999", slice(5, None)),
    ],
)
def test_a_part_is_read_without_the_rest(alice, text, range_, part):
    answer = alice.get(FILE, headers={"Range": range_})
    assert (answer.status_code, answer.data) == (206, TEXT[part])
    start, stop, _ = part.indices(len(TEXT))
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(TEXT)}"


@pytest.mark.parametrize("range_", ["bytes=900000-", "bytes=900000-900001"])
def test_a_part_beyond_the_end_is_refused(alice, text, range_):
    answer = alice.get(FILE, headers={"Range": range_})
    assert answer.status_code == 416
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Content-Range"] == f"bytes */{len(TEXT)}"


@pytest.mark.parametrize(
    "range_",
    [
        *("bytes=" + ",".join(["0-"] * 10), "bytes=1-2,5-6", "bytes=-900000", "lines=1-2"),
        *("bytes=x", "bytes=9-1", "bytes=", "bytes=--5", "bytes=+1-4", "bytes=٣-٥"),
    ],
)
def test_many_parts_and_what_is_no_part_are_the_whole(alice, text, range_):
    answer = alice.get(FILE, headers={"Range": range_})
    assert (answer.status_code, answer.data) == (200, TEXT)


def test_an_unchanged_file_is_not_sent_again(alice, text):
    tag = alice.get(FILE).headers["ETag"]
    again = alice.get(FILE, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    part = {"Range": "bytes=0-4", "If-Range": tag}
    assert alice.get(FILE, headers=part).status_code == 206
    text.write_bytes(b"other")
    assert alice.get(FILE, headers={"If-None-Match": tag}).data == b"other"
    assert alice.get(FILE, headers=part).data == b"other"
    assert alice.get(FILE, headers={"If-Match": tag}).status_code == 412


def test_a_part_is_asked_for_under_the_same_conditions(alice, text):
    """One may not get a part of another file, or a part again of what one has."""
    headers = alice.head(FILE).headers
    part = {"Range": "bytes=7-19"}
    for name, value, status in (
        ("If-None-Match", headers["ETag"], 304),
        ("If-None-Match", '"other"', 206),
        ("If-Match", headers["ETag"], 206),
        ("If-Match", '"other"', 412),
        ("If-Range", headers["Last-Modified"], 206),
        ("If-Range", "Sat, 01 Jan 2000 00:00:00 GMT", 200),
        ("If-Range", '"other"', 200),
        ("If-Modified-Since", headers["Last-Modified"], 304),
    ):
        answer = alice.get(FILE, headers={**part, name: value})
        assert answer.status_code == status, (name, value)
        if status < 300:
            assert answer.data == (TEXT[7:20] if status == 206 else TEXT)
    head = alice.head(FILE, headers=part)
    assert (head.status_code, head.data, head.content_length) == (206, b"", 13)


def test_a_growing_file_ends_where_it_did(alice, text):
    answer = alice.get(FILE, buffered=False)
    with text.open("ab") as more:
        more.write(b"more")
    assert answer.data == TEXT


@pytest.mark.parametrize("range_", [{}, {"Range": "bytes=100-"}])
def test_a_file_that_shrinks_ends_the_connection(alice, text, range_):
    """A client that waits for the rest would take the next answer for it."""
    answer = alice.get(FILE, headers=range_, buffered=False)
    os.truncate(text, 100_000)
    with pytest.raises(RuntimeError):
        assert len(answer.data)


def test_a_file_that_vanishes_is_sent_to_its_end(alice, text):
    answer = alice.get(FILE, buffered=False)
    text.unlink()
    assert answer.data == TEXT
    assert alice.get(FILE).status_code == 404


def test_no_file_stays_open(alice, text):
    tag = alice.get(FILE).headers["ETag"]
    for headers in (
        {},
        {"Range": "bytes=1-2"},
        {"Range": "bytes=900000-"},
        {"If-None-Match": tag},
        {"If-Match": '"other"'},
    ):
        alice.get(FILE, headers=headers).close()
    alice.head(FILE).close()
    alice.get(ZIP).close()
    links = (Path("/proc/self/fd") / number for number in os.listdir("/proc/self/fd"))
    assert str(text) not in [os.readlink(link) for link in links if link.is_symlink()]


def test_a_page_of_another_origin_reads_what_came(alice, site, text):
    headers = {"Origin": site["cors"]["origins"][0], "Range": "bytes=0-4"}
    exposed = alice.get(FILE, headers=headers).headers["Access-Control-Expose-Headers"]
    assert {"Content-Disposition", "Content-Range", "ETag"} <= {*exposed.split(", ")}


def test_an_empty_file_is_one(alice, attach, folder):
    (folder / "empty.log").touch()
    attach(folder / "empty.log")
    answer = alice.get(FILE, headers={"Range": "bytes=0-4"})
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", 0)


@pytest.mark.parametrize(
    "name, kind, disposition",
    [
        ("a.png", "image/png", "inline"),
        ("report.html", "text/html", "inline"),
        ("plot.svg", "image/svg+xml", "inline"),
        ("page.xhtml", "application/xhtml+xml", "attachment"),
        ("no suffix", "application/octet-stream", "attachment"),
        ("aimless.LOG", "text/plain", "inline"),
        ("scaled.mtz", "application/octet-stream", "attachment"),
        ("log.txt.gz", "application/octet-stream", "attachment"),
    ],
)
def test_a_browser_is_told_what_it_is(alice, attach, folder, name, kind, disposition):
    (folder / name).write_bytes(b"x")
    attach(folder / name)
    answer = alice.get(FILE)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"x", kind)
    assert answer.headers["Content-Disposition"].split(";")[0] == disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "name, header",
    [
        ("a b.txt", 'filename="a b.txt"'),
        ('say "a\\b"; x=y.txt', 'filename="say \\"a\\\\b\\"; x=y.txt"'),
        ("é\n\r.txt", "filename=e__.txt; filename*=UTF-8''%C3%A9__.txt"),
        ("½ µm.txt", "filename=\"12 m.txt\"; filename*=UTF-8''%C2%BD%20%C2%B5m.txt"),
    ],
)
def test_a_name_fits_into_a_header(alice, attach, folder, name, header):
    (folder / name).write_bytes(b"x")
    attach(folder / name)
    assert alice.get(FILE).headers["Content-Disposition"] == f"inline; {header}"


# ------------------------------------------------------------------ what is not to be read


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("secret")
    return path


def tricks(folder, secret):
    """Paths that lead to no file below a root, or that nobody would write in good faith."""
    inside = folder / "inside.txt"
    inside.write_text("inside")
    (folder / "link").symlink_to(secret)
    (folder / "out").symlink_to(secret.parent)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    (folder / "to zero").symlink_to("/dev/zero")
    return {
        "absent": folder / "absent.txt",
        "outside": secret,
        "link out": folder / "link",
        "folder out": folder / "out" / secret.name,
        "link to itself": folder / "loop",
        "up and out": f"{folder}/../../{secret.name}",
        "up": f"{folder}/../{folder.name}/inside.txt",
        "relative": "inside.txt",
        "relative up": "../inside.txt",
        "pipe": folder / "pipe",
        "device": "/dev/zero",
        "link to device": folder / "to zero",
        "process": "/proc/self/environ",
        "folder": folder,
        "below a file": inside / "x",
        "root": folder.parent,
        "slash": "/",
        "empty": "",
        "neighbour": f"{folder.parent}-other/x",
        "control": f"{folder}/\x01\x7f",
        "end of text": f"{inside}\0.png",
        "no such site": "\\\\server\\share",
        "url": f"file://{inside}",
        "home": "~/inside.txt",
    }


def test_nothing_else_is_read(alice, attach, folder, secret):
    """All of it looks like a file that is gone."""
    absent = {"title": "Not Found", "status": 404, "detail": "file not found"}
    for number, (trick, path) in enumerate(tricks(folder, secret).items(), 1):
        attach(path)
        answer = alice.get(f"{ROOT}/attachments/{number}/file")
        assert {**answer.json, **absent} == answer.json, trick
    for url in (f"{ROOT}/attachments/999/file", ZIP):
        answer = alice.get(url)
        assert {**answer.json, **absent} == answer.json


@pytest.fixture
def failing(text, monkeypatch, caplog):
    """``failing(number)`` lets the file system fail with that error when the text is opened."""
    logging.getLogger(LOGGER).addHandler(caplog.handler)

    def fail(number, opened=os.open):
        def refuse(path, *args, **kwargs):
            if path == text.name:
                raise OSError(number, os.strerror(number), path)
            return opened(path, *args, **kwargs)

        monkeypatch.setattr(os, "open", refuse)

    yield fail
    logging.getLogger(LOGGER).removeHandler(caplog.handler)


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE], ids=os.strerror)
def test_a_file_system_that_fails_is_no_absent_file(alice, failing, caplog, number):
    failing(number)
    for url in (FILE, ZIP):
        caplog.clear()
        answer = alice.get(url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert answer.json["detail"] == "the file cannot be read at the moment"
        (line,) = (each for each in caplog.records if each.levelname == "ERROR")
        assert os.strerror(number) in line.getMessage()


def test_a_file_closed_to_the_service_is_absent_and_logged(alice, failing, caplog):
    failing(errno.EACCES)
    assert alice.get(FILE).status_code == 404
    (line,) = (each for each in caplog.records if each.levelname == "WARNING")
    assert "the service may not read it" in line.getMessage()


def test_a_device_is_none_either_where_all_is_a_root(app, alice, attach, folder, monkeypatch):
    monkeypatch.setitem(app.config["SITE"], "file_roots", ["/"])
    os.mkfifo(folder / "pipe")
    for number, path in enumerate(("/dev/zero", "/dev/null", "/dev", folder / "pipe"), 1):
        attach(path)
        answer = alice.get(f"{ROOT}/attachments/{number}/file")
        assert answer.status_code == 404, path


def test_a_root_may_be_a_link(app, alice, attach, folder, tmp_path, monkeypatch):
    (folder / "a.txt").write_text("inside")
    (tmp_path / "data").symlink_to(folder)
    monkeypatch.setitem(app.config["SITE"], "file_roots", [str(tmp_path / "data")])
    attach(tmp_path / "data" / "a.txt")
    assert alice.get(FILE).data == b"inside"


def test_a_link_that_stays_inside_is_followed(alice, attach, folder):
    (folder / "real").mkdir()
    (folder / "real" / "a.txt").write_text("inside")
    (folder / "short").symlink_to(folder / "real")
    attach(folder / "short" / "a.txt")
    assert alice.get(FILE).data == b"inside"


# ------------------------------------------------------------------ many in one


def test_a_zip_is_made_while_it_is_sent(alice, attach, folder):
    """No file is opened before its turn: one that shrinks meanwhile ends the answer."""
    for name in ("a.log", "b.log"):
        (folder / name).write_bytes(TEXT)
        attach(folder / name)
    answer = alice.get(ZIP, buffered=False)
    (folder / "b.log").write_bytes(b"short")
    with pytest.raises(RuntimeError):
        assert len(answer.data)


def test_a_file_is_in_it_once(alice, attach, folder):
    """However its path is written; two of one name in different folders are two."""
    for name in ("scan.log", "a/scan.log"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
        for path in (f"{folder}/{name}", f"{folder}//{name}", f"{folder}/./{name}"):
            attach(path)
    with zipfile.ZipFile(io.BytesIO(alice.get(ZIP).data)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            "scan.log": "scan.log",
            "a/scan.log": "a/scan.log",
        }
        assert len(archive.infolist()) == 2


def test_a_file_is_called_by_its_last_part(alice, attach, text):
    attach(f"{text}/")
    answer = alice.get(f"{ROOT}/attachments/2/file")
    assert answer.headers["Content-Disposition"] == 'inline; filename="scan 1.log"'
