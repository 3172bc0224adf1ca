"""Batches: the struct accepts only what the schema accepts, and loads it to the same rows."""

import gzip
import json
from datetime import datetime
from functools import partial
from io import BytesIO

import orjson
import pytest
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from services.core.schemas.people.persons import PersonSchema
from services.core.schemas.people.sessions import SessionSchema
from services.em.schemas.atlases import AtlasSchema
from services.ssx.schemas.data_collections import SSXDataCollectionSchema
from shared.batches import Batch, struct_of
from shared.errors import BadInput

URL = "/ispyb/api/v1/contacts/persons"
OFFICE = ("office", None, "uportal_sync")
MINIMAL = {
    PersonSchema: {"familyName": "Curie"},
    SessionSchema: {"proposalId": 1},
    AtlasSchema: {"atlasId": 1, "dataCollectionGroupId": 1, "atlasImage": "a", "pixelSize": 1.0},
    SSXDataCollectionSchema: {"dataCollectionId": 1},
}
ODD = ["", " ", "x", "5", "5.0", "1e3", "é", "日", "a\0b", 0, 1, -1, 2**31, 2**32, 2**70, -(2**40)]
ODD += [1.5, 1e300, -1e300, 0.1, True, False, None, [], {}, [1], "true", "null", "NaN", "inf"]
ODD += ["x" * 46, "x" * 255, "x" * 256, "00" * 16, "Low", "Bright Field", "2024-05-01"]
ODD += ["2024-05-01T10:00:00", "2024-05-01 10:00", "2024-05-01T10:00:00Z", "2024-13-01T10:00:00"]
CASES = [
    (schema, name)
    for schema in MINIMAL
    for name, field in schema().load_fields.items()
    if not isinstance(field, fields.Nested)
]


@pytest.mark.parametrize("schema, name", CASES, ids=lambda one: getattr(one, "__name__", one))
def test_fast_and_slow_agree(schema, name):
    batch = Batch(schema())
    for value in ODD:
        body = json.dumps([{**MINIMAL[schema], name: value}]).encode()
        try:
            expected = schema().load(orjson.loads(body), many=True)
        except ValidationError as error:
            with pytest.raises(BadInput) as caught:
                batch.load(body, 10)
            assert caught.value.errors == error.messages, value
        else:
            assert batch.load(body, 10) == expected, value


def test_streams_have_a_fast_way():
    class StreamSchema(Schema):
        number = fields.Integer(required=True)
        weight = fields.Float()
        name = fields.String()
        time = fields.NaiveDateTime()

    struct = struct_of(StreamSchema())
    assert struct
    row = {"number": 1, "weight": 2, "name": "é", "time": "2024-05-01T10:00:00"}
    loaded = Batch(StreamSchema()).load(json.dumps([row, {"number": 2}]).encode(), 10)
    assert loaded == [{**row, "weight": 2.0, "time": datetime(2024, 5, 1, 10)}, {"number": 2}]


def never(value):
    raise ValidationError("never")


class OwnRule(Schema):
    column = fields.Integer(validate=never)


class OwnHook(Schema):
    column = fields.Integer()

    @validates_schema
    def check(self, data, **_):
        never(data)


class OwnLoad(Schema):
    column = fields.Integer()

    @post_load
    def double(self, data, **_):
        return {"column": 2 * data["column"]}


class OwnName(Schema):
    column = fields.Integer(attribute="doubled")


@pytest.mark.parametrize("schema, loaded", [(OwnLoad, {"column": 26}), (OwnName, {"doubled": 13})])
def test_rows_are_loaded_as_their_schema_changes_them(schema, loaded):
    assert Batch(schema()).load(b'[{"column": 13}]', 10) == [loaded]


@pytest.mark.parametrize("schema", [OwnRule, OwnHook])
def test_a_schema_with_code_of_its_own_has_only_the_slow_way(schema):
    assert struct_of(schema()) is None
    with pytest.raises(BadInput):
        Batch(schema()).load(b'[{"column": 13}]', 10)


# ------------------------------------------------------------------------------ through HTTP

ROW = {"familyName": "Curie"}
ONE = json.dumps([ROW]).encode()
pack = partial(gzip.compress, mtime=0)  # the same bytes at any time: they name the test
LINES = b'{"familyName": "a"}\n\r\n  \n{"familyName": "b"}'
JSON, NDJSON = "application/json", "application/x-ndjson"


@pytest.mark.parametrize(
    "body, kind, encoding, status, stored",
    [
        (ONE, JSON, "identity", 201, 1),
        (pack(ONE), JSON, "gzip", 201, 1),
        (pack(ONE), JSON, "GZIP", 201, 1),
        (LINES, NDJSON, "identity", 201, 2),
        (pack(LINES), NDJSON, "gzip", 201, 2),
        (b"[]", JSON, "identity", 201, 0),
        (b"", NDJSON, "identity", 201, 0),
        (pack(b" " * 2**25), JSON, "gzip", 413, 0),
        (pack(ONE)[:-5], JSON, "gzip", 400, 0),
        (pack(b" " * (2**24 - len(ONE)) + ONE), JSON, "gzip", 201, 1),
        (pack(b" " * (2**24 - len(ONE)) + ONE + b" "), JSON, "gzip", 413, 0),
        (b"".join(map(pack, LINES.splitlines(keepends=True))), NDJSON, "gzip", 201, 2),
        (b"x" * (17 * 2**20), JSON, "identity", 413, 0),
        (b"not gzip", JSON, "gzip", 400, 0),
        (ONE, JSON, "gzip", 400, 0),
        (b"[{", JSON, "identity", 400, 0),
        (b"", JSON, "identity", 400, 0),
        (b'{"familyName": "a"}\n{', NDJSON, "identity", 400, 0),
        (b'[{"familyName": "\\ud800"}]', JSON, "identity", 400, 0),
        (b'[{"familyName": NaN}]', JSON, "identity", 400, 0),
        (b"{}", JSON, "identity", 422, 0),
        (b'["x"]', JSON, "identity", 422, 0),
        (b"null", JSON, "identity", 422, 0),
        (ONE, JSON, "br", 415, 0),
        (ONE, "text/plain", "identity", 415, 0),
        (json.dumps([ROW] * 10_001).encode(), JSON, "identity", 413, 0),
    ],
)
def test_batch_bodies(as_, body, kind, encoding, status, stored):
    client, headers = as_(*OFFICE), {"Content-Encoding": encoding}
    answer = client.post(f"{URL}/batch", data=body, headers=headers, content_type=kind)
    assert answer.status_code == status
    assert client.get(URL).json["total"] == stored


def test_a_chunked_body_is_not_cut_at_the_limit(as_):
    """Without a length nothing is refused at first; here the limit falls between two rows."""
    line = json.dumps(ROW).ljust(2047).encode() + b"\n"
    client = as_(*OFFICE)
    answer = client.post(
        f"{URL}/batch",
        input_stream=BytesIO(line * (2**24 // len(line) + 1)),
        headers={"Content-Type": NDJSON, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413
    assert client.get(URL).json["total"] == 0


def test_a_truncated_body_is_not_stored_in_part(as_):
    client = as_(*OFFICE)
    answer = client.post(
        f"{URL}/batch",
        input_stream=BytesIO(ONE[1:-1] + b"\n"),
        content_type=NDJSON,
        environ_overrides={  # as gunicorn has them
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(2 * len(ONE)),
        },
    )
    assert (answer.status_code, client.get(URL).json["total"]) == (400, 0)


def test_rows_that_name_other_columns_are_stored_as_sent(as_):
    rows = [ROW, {**ROW, "login": "marie"}, {"givenName": "Irène", "familyName": "J"}, ROW]
    client = as_(*OFFICE)
    assert client.post(f"{URL}/batch", json=rows).status_code == 201
    stored = client.get(f"{URL}?sort=personId&fields=familyName,login,givenName").json["results"]
    expected = [{"familyName": None, "login": None, "givenName": None, **row} for row in rows]
    assert sorted(map(str, stored)) == sorted(
        str({name: row[name] for name in stored[0]}) for row in expected
    )


def test_every_bad_row_is_named_and_nothing_is_stored(as_):
    rows = [ROW, {}, {**ROW, "nope": 1}, {"familyName": 5}, ROW, {"familyName": "日"}]
    client = as_(*OFFICE)
    answer = client.post(f"{URL}/batch", json=rows)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["1", "2", "3", "5"])
    assert answer.json["errors"]["2"] == {"nope": ["Unknown field."]}
    assert client.get(URL).json["total"] == 0
