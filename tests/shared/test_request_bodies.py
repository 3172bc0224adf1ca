"""A body costs what its operation needs, and no text of one line has several."""

import gzip
import re
from http import HTTPStatus
from io import BytesIO

import pytest

from shared.schemas import LATIN1, LATIN1_LINES, UTF8, UTF8_LINES

ROOT = "/ispyb/api/v1"
LOGIN = f"{ROOT}/auth/login"
JSON = {"content_type": "application/json"}
OFFICE = ("office", None, "uportal_sync", "all_proposals")
LARGE = {
    "post /autoproc/programs/{program_id}/messages",
    "post /autoproc/results",
    "put /autoproc/results/{program_id}",
    "post /xrf_maps",
    "post /commands",
    "post /contacts/persons/batch",
    "post /data_collections/groups",
    "post /processing_jobs",
    "post /screenings",
    "post /centrings",
    "put /data_collections/{data_collection_id}/image_quality",
    "post /mxlims/shipments",
    "post /samples/ligands/import",
    "post /samples/proteins/{protein_id}/pdbs",
    "put /samples/crystals/{crystal_id}/pdb",
    "post /shipments/trees",
    "post /shipments/{shipment_id}/import",
    "put /shipments/{shipment_id}/tree",
    *("post /ssx/runs", "put /ssx/runs/{run_id}/images", "post /ispyb/i24/dc"),
    *("post /webservices/ssx/datacollectiongroup", "post /webservices/ssx/datacollection"),
}  # every other body is that of one row


@pytest.fixture
def public(built, clean):
    """Somebody who has no token."""
    return built("auth").test_client()


def test_only_documents_and_batches_are_large(operations):
    limits = {
        name: operation["responses"]["413"]["description"]
        for name, (*_, operation) in operations.items()
        if "413" in operation["responses"]
    }
    assert len(limits) > 70
    assert {name for name, text in limits.items() if "limits.body_megabytes" in text} == LARGE
    assert {text for name, text in limits.items() if name not in LARGE} == {
        f"{HTTPStatus(413).phrase}: more than 256 kB, or too many values"
    }


def padded(size):
    return b"{}".ljust(size)


@pytest.mark.parametrize(
    "body, encoding, status, reason",
    [
        (padded(2**18), "identity", 422, "invalid input"),
        (padded(2**18 + 1), "identity", 413, "takes at most 262144 bytes"),
        (b"[" + b"[]," * 80_000 + b"[]]", "gzip", 415, "send no Content-Encoding"),
        (b"{}", "gzip", 415, "send no Content-Encoding"),
        (b"[" + b"[]," * 10_001 + b"[]]", "identity", 413, "20000 of the JSON signs , [ { :"),
        (b"[" + b"{}," * 1000 + b"{}]", "identity", 413, "more than 1000 JSON objects"),
    ],
    ids=["largest", "larger", "bomb", "packed", "signs", "objects"],
)
def test_nobody_makes_a_login_costly(public, body, encoding, status, reason):
    sent = gzip.compress(body) if encoding == "gzip" else body
    answer = public.post(LOGIN, data=sent, headers={"Content-Encoding": encoding}, **JSON)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert reason in answer.json["detail"]


def test_chunks_end_at_the_limit_of_the_operation(public):
    body = BytesIO(b" " * 2**20)
    answer = public.post(
        LOGIN,
        input_stream=body,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
        **JSON,
    )
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert body.tell() == 2**18


@pytest.mark.parametrize(
    "verb, path, body, reason",
    [
        ("post", "/commands", b"[" + b"[]," * 100_000 + b"[]]", "200000 of the JSON signs"),
        ("post", "/autoproc/results", b"[" + b"{}," * 10_000 + b"{}]", "10000 JSON objects"),
        ("post", "/contacts/persons/batch", b"[" + b"1," * 10_000 + b"1]", "10000 rows"),
        ("post", "/contacts/persons/batch", b"[" + b"1," * 500_000 + b"1]", "500000 of the JSON"),
        ("post", "/contacts/persons/batch", b"[" + b"{}," * 20_000 + b"{}]", "20000 JSON obj"),
        (
            "put",
            "/data_collections/1/image_quality",
            b'{"imageNumber": [' + b'"",' * 20_000 + b"1]}",
            "20000 rows",
        ),
    ],
    ids=["signs", "objects", "rows", "signs of rows", "objects of rows", "columns"],
)
def test_no_document_is_parsed_or_explained_at_any_cost(as_, verb, path, body, reason):
    client = as_(*OFFICE, "processing_write", "mx_write", "all_sessions", service=True)
    for sent, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        answer = getattr(client, verb)(f"{ROOT}{path}", data=sent, headers=headers, **JSON)
        assert answer.status_code == 413 and reason in answer.json["detail"]


def test_lines_and_members_count_too(as_):
    client, kind = as_(*OFFICE), {"content_type": "application/x-ndjson"}
    url = f"{ROOT}/contacts/persons/batch"
    assert client.post(url, data=b"\n" * 500_001, **kind).status_code == 413
    members = gzip.compress(b"") * 1001
    answer = client.post(url, data=members, headers={"Content-Encoding": "gzip"}, **kind)
    assert (answer.status_code, answer.json["detail"]) == (413, "more than 1000 gzip members")


@pytest.mark.parametrize("faults, more", [(100, ""), (4321, "; 4221 more errors are not shown")])
def test_the_errors_of_a_problem_are_cut(as_, faults, more):
    body = {f"x{number}": 1 for number in range(faults)}
    answer = as_(*OFFICE).patch(f"{ROOT}/proposals/1", json=body)
    assert (answer.status_code, answer.json["detail"]) == (422, f"invalid input{more}")
    assert len(answer.json["errors"]) == 100 and answer.json["errors"].keys() <= body.keys()


def test_the_errors_of_a_batch_are_cut_below_its_rows(as_):
    rows = [{"familyName": 1, "login": 1}] * 60
    answer = as_(*OFFICE).post(f"{ROOT}/contacts/persons/batch", json=rows)
    reasons = [text for row in answer.json["errors"].values() for text in row.values()]
    assert len(reasons) == 100 and len(answer.json["errors"]) == 50
    assert answer.json["detail"].startswith("60 bad rows, nothing is stored; 20 more errors")


# --------------------------------------------------------------------------- characters of texts


@pytest.mark.parametrize("characters", [LATIN1, UTF8])
@pytest.mark.parametrize("text", ["a\r\nb", "a\n", "\n", "a\tb", "a\0", "\x1b[1m", "\x7f", "\x85"])
def test_one_line_has_no_control_character(characters, text):
    with pytest.raises(Exception, match="control character"):
        characters(text)
    assert characters.blanked(text) in ("a b", "a", "", "[1m")


@pytest.mark.parametrize("characters", [LATIN1_LINES, UTF8_LINES])
def test_lines_have_tabs_and_ends_of_lines(characters):
    text = "a\tb\r\nc\n"
    assert characters(text) == characters.blanked(text) == text
    assert characters.blanked("a\x07\x1b\nb\x7f") == "a \nb"


@pytest.mark.parametrize("text", ["x@y.z\r\nBcc: a@b.c", "x@y.z\n", "x\t@y.z", "x\x85y", "x\x01y"])
def test_an_address_is_one_line(as_, text):
    office = as_(*OFFICE)
    row = {"familyName": "Curie", "emailAddress": text}
    one = office.post(f"{ROOT}/contacts/persons", json=row)
    assert (one.status_code, [*one.json["errors"]]) == (422, ["emailAddress"])
    batch = office.post(f"{ROOT}/contacts/persons/batch", json=[row])
    assert (batch.status_code, [*batch.json["errors"]["0"]]) == (422, ["emailAddress"])
    assert office.get(f"{ROOT}/contacts/persons?emailAddress=x%0Ay").status_code == 422


def test_every_text_of_a_body_has_its_pattern(operations):
    """Such as clients can check: ECMAScript, where $ is the end as here."""
    _, _, operation = operations["post /contacts/persons"]
    person = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert not re.match(person["emailAddress"]["pattern"], "a\n")
    _, _, operation = operations["post /data_collections/{data_collection_id}/comments"]
    comment = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert re.match(comment["comments"]["pattern"], "a\nb\n")
