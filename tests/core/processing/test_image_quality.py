"""Image quality: arrays in, merged by image; arrays out, aligned, thinned or drawn."""

import gc
import gzip
import json

import pytest

from services.core.schemas.processing.image_quality import COLUMNS, ImageQualitySchema
from shared.columnar import Columns
from shared.models import (
    AutoProcProgram,
    DataCollection,
    DataCollectionGroup,
    ImageQualityIndicators,
    ProcessingJob,
)

ROOT = "/ispyb/api/v1/data_collections"
URL = f"{ROOT}/5/image_quality"
PNG = {"Accept": "image/png"}
PLOTS = ("", "?points=2000", "?points=3000")
DOUBLES = ("totalIntegratedSignal", "dozor_score")


@pytest.fixture
def collection(facility, add):
    """Data collection 5 of alice's session 11, 6 of bob's session 21; programs 7 and 8 on 5."""
    for key, session in ((5, 11), (6, 21)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
        )
    add(ProcessingJob(processingJobId=7, dataCollectionId=5))
    add(*(AutoProcProgram(autoProcProgramId=key, processingJobId=7) for key in (7, 8)))


@pytest.fixture
def alice(as_, collection):
    return as_("alice", 1)


@pytest.fixture
def pipeline(as_, collection):
    """A program that writes the quality of images of i03."""
    return as_("zocalo", None, "processing_write", service=True, beamlines=["i03"])


def test_columns_go_in_and_come_out_aligned(pipeline, alice):
    body = {
        "autoProcProgramId": 7,
        "imageNumber": [3, 1, 2],
        "dozor_score": [7.75, 8.125, None],
        "spotTotal": [205, 210, 198],
    }
    answer = pipeline.put(URL, json=body)
    assert (answer.status_code, answer.json) == (200, {"upserted": 3})
    current = alice.get(URL).json
    assert current.keys() == {"autoProcProgramId", "imageNumber", *COLUMNS}
    assert current["autoProcProgramId"] == 7
    assert current["imageNumber"] == [1, 2, 3]
    assert current["dozor_score"] == [8.125, None, 7.75]
    assert current["spotTotal"] == [210, 198, 205]
    assert current["driftFactor"] == [None, None, None]


def test_absent_columns_and_nulls_keep_what_is_stored(pipeline, alice):
    pipeline.put(URL, json={"imageNumber": [1, 2], "spotTotal": [1, 2], "dozor_score": [0.5, 1]})
    body = {"autoProcProgramId": 8, "imageNumber": [2, 1, 4], "spotTotal": [None, 10, 40]}
    assert pipeline.put(URL, json=body).json == {"upserted": 3}
    answer = alice.get(f"{URL}?columns=dozor_score,spotTotal").json
    assert answer == {
        "autoProcProgramId": 8,
        "imageNumber": [1, 2, 4],
        "dozor_score": [0.5, 1, None],
        "spotTotal": [10, 2, 40],
    }
    assert pipeline.put(URL, json={**body, "autoProcProgramId": None}).status_code == 200
    assert alice.get(URL).json["autoProcProgramId"] == 8
    assert pipeline.put(URL, json={"imageNumber": [4, 5]}).json == {"upserted": 2}
    assert alice.get(f"{URL}?columns=spotTotal").json["spotTotal"] == [10, 2, 40, None]


def test_images_of_several_programs_name_none(pipeline, alice):
    for number, program in ((1, 7), (2, 8)):
        pipeline.put(URL, json={"imageNumber": [number], "autoProcProgramId": program})
    assert alice.get(URL).json["autoProcProgramId"] is None


def test_an_image_twice_is_stored_in_order(pipeline, alice, count):
    body = {"imageNumber": [1, 1], "spotTotal": [5, 6], "dozor_score": [0.5, None]}
    assert pipeline.put(URL, json=body).status_code == 200
    answer = alice.get(URL).json
    assert (answer["spotTotal"], answer["dozor_score"]) == ([6], [0.5])
    assert count(ImageQualityIndicators) == 1


def test_the_mark_of_a_missing_number_is_none(pipeline, alice):
    pipeline.put(URL, json={"imageNumber": [1, 2], "method1Res": [-9999, 2.5]})
    assert alice.get(URL).json["method1Res"] == [None, 2.5]


def test_the_largest_document_and_one_row_more(pipeline, alice, count):
    numbers = list(range(1, 20_002))
    long = [number + 0.123456789 for number in numbers]
    body = {name: long if name in DOUBLES else numbers for name in ("imageNumber", *COLUMNS)}
    answer = pipeline.put(URL, json=body)
    assert (answer.status_code, answer.json["detail"]) == (413, "more than 20000 rows")
    body = {name: values[:20_000] for name, values in body.items()}
    packed = gzip.compress(json.dumps(body).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert pipeline.put(URL, data=packed, headers=headers).json == {"upserted": 20_000}
    current = alice.get(URL).json
    assert all(current[name] == values for name, values in body.items())
    assert count(ImageQualityIndicators) == 20_000


@pytest.mark.parametrize(
    "body, status, errors",
    [
        ({}, 422, {"imageNumber": ["Missing data for required field."]}),
        ([], 422, None),
        ({"imageNumber": None}, 422, {"imageNumber": ["Field may not be null."]}),
        ({"imageNumber": 1}, 422, {"imageNumber": ["Not a valid list."]}),
        ({"imageNumber": [None]}, 422, {"imageNumber": {"0": ["Field may not be null."]}}),
        ({"imageNumber": [1, -1]}, 422, {"imageNumber": {"1": [None]}}),
        ({"imageNumber": [2**24]}, 422, {"imageNumber": {"0": [None]}}),
        ({"imageNumber": [1], "spotTotal": [1.5]}, 422, {"spotTotal": {"0": [None]}}),
        ({"imageNumber": [1], "spotTotal": [2**31]}, 422, {"spotTotal": {"0": [None]}}),
        ({"imageNumber": [1], "method1Res": ["x"]}, 422, {"method1Res": {"0": [None]}}),
        ({"imageNumber": [1], "method1Res": [1e300]}, 422, {"method1Res": {"0": [None]}}),
        (
            {"imageNumber": [1, 2], "spotTotal": [1], "dozor_score": []},
            422,
            {
                "spotTotal": ["has 1 values, imageNumber has 2"],
                "dozor_score": ["has 0 values, imageNumber has 2"],
            },
        ),
        ({"imageNumber": [1], "spots": [1]}, 422, {"spots": ["Unknown field."]}),
        ({"imageNumber": [1], "recordTimeStamp": []}, 422, None),
        (
            {"imageNumber": [1], "autoProcProgramId": 999},
            424,
            {"autoProcProgramId": ["no such AutoProcProgram"]},
        ),
    ],
)
def test_bad_documents_store_nothing(pipeline, count, body, status, errors):
    answer = pipeline.put(URL, json=body)
    assert answer.status_code == status
    if errors:
        assert blurred(answer.json["errors"], errors) == errors
    assert count(ImageQualityIndicators) == 0


def blurred(value, result):
    """``found``, where words that ``wanted`` leaves open are None."""
    if isinstance(result, dict):
        assert value.keys() == result.keys()
        return {name: blurred(value[name], result[name]) for name in result}
    return result if result == [None] and len(value) == 1 else value


def test_not_json(pipeline):
    for body, status in ((b"{", 400), (b'{"imageNumber": [NaN]}', 400)):
        assert pipeline.put(URL, data=body, content_type="application/json").status_code == status
    assert pipeline.put(URL, data=b"{}", content_type="text/plain").status_code == 415


def test_many_faults_are_cut(pipeline):
    answer = pipeline.put(URL, json={"imageNumber": ["x"] * 20_000})
    assert len(answer.json["errors"]["imageNumber"]) == 100


def test_the_empty_document(pipeline, alice):
    assert pipeline.put(URL, json={"imageNumber": []}).json == {"upserted": 0}
    assert alice.get(URL).json["imageNumber"] == []
    assert alice.get(URL).json["autoProcProgramId"] is None


def test_who_writes_and_who_reads(as_, pipeline, alice, same):
    body = {"imageNumber": [1]}
    assert alice.put(URL, json=body).status_code == 403
    assert as_("mxcube", None, "ssx_write", service=True).put(URL, json=body).status_code == 403
    for client in (pipeline, alice):
        hidden, absent = f"{ROOT}/6/image_quality", f"{ROOT}/999/image_quality"
        same(client.get(hidden), client.get(absent))
        assert client.get(hidden).status_code == 404
    same(pipeline.put(hidden, json=body), pipeline.put(absent, json=body))
    acquisition = as_("mxcube", None, "mx_write", "all_sessions", service=True)
    assert acquisition.put(URL, json=body).status_code == 200


def test_thinning_keeps_extremes(pipeline, alice):
    rows = 1_000
    spots = [at % 7 for at in range(rows)]
    score = [None if at % 3 else at / 8 for at in range(rows)]
    spots[123], score[600], score[601] = 10_000, -5.5, 9_000.5
    body = {"imageNumber": list(range(1, rows + 1)), "spotTotal": spots, "dozor_score": score}
    pipeline.put(URL, json=body)
    for points in (4, 40, 999):
        answer = alice.get(f"{URL}?columns=spotTotal,dozor_score&points={points}").json
        assert 1 < len(answer["imageNumber"]) <= points
        assert answer["imageNumber"] == sorted(set(answer["imageNumber"]))
        for at, number in enumerate(answer["imageNumber"]):
            assert answer["spotTotal"][at] == spots[number - 1]
            assert answer["dozor_score"][at] == score[number - 1]
        assert {124, 601, 602} <= set(answer["imageNumber"])
        assert 0 in answer["spotTotal"]
    whole = alice.get(f"{URL}?points=1000").json
    assert whole["spotTotal"] == spots
    few = alice.get(f"{URL}?points=3")
    assert few.json["errors"] == {"points": ["4 are needed at least"]}
    alone = alice.get(f"{URL}?columns=iceRings&points=10").json
    assert len(alone["imageNumber"]) == 10 == alone["iceRings"].count(None)


def test_the_query_is_checked(alice):
    for query in ("columns=spots", "columns=imageId", "points=1", "points=x", "limit=5"):
        assert alice.get(f"{URL}?{query}").status_code == 422, query


@pytest.mark.sqlite
def test_a_plot(pipeline, alice):
    body = {"imageNumber": [1, 2, 3], "dozor_score": [1, None, 3], "spotTotal": [1, 2, 3]}
    assert pipeline.put(URL, json=body).status_code == 200
    answer = alice.get(URL, headers=PNG)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert size(answer) == (800, 390)
    again = alice.get(URL, headers={**PNG, "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert size(alice.get(f"{URL}?columns=spotTotal", headers=PNG)) == (800, 230)
    assert size(alice.get(f"{URL}?columns=iceRings", headers=PNG)) == (800, 230)
    assert alice.get(f"{ROOT}/6/image_quality", headers=PNG).status_code == 404
    assert alice.get(URL, headers={"Accept": "text/html"}).status_code == 406
    for accept in ("*/*", "application/json", "application/json,image/png;q=0.9"):
        assert alice.get(URL, headers={"Accept": accept}).mimetype == "application/json"


@pytest.mark.sqlite
def test_a_plot_has_no_more_points_than_its_width_shows(pipeline, alice):
    body = {"imageNumber": [*range(3_000)], "spotTotal": [at % 7 for at in range(3_000)]}
    assert pipeline.put(URL, json=body).status_code == 200
    tags = [alice.get(URL + query, headers=PNG).headers["ETag"] for query in PLOTS]
    assert tags[0] == tags[1] != tags[2]


@pytest.mark.sqlite
def test_a_plot_leaves_no_figure_in_memory(pipeline, alice):
    """A figure has 12 MB, and cycles of references: it waits for the garbage collector."""
    body = {"imageNumber": [1, 2], "spotTotal": [1, 2]}
    assert pipeline.put(URL, json=body).status_code == 200
    gc.disable()
    try:
        assert size(alice.get(URL, headers=PNG))
        assert not [each for each in gc.get_objects() if type(each).__name__ == "Figure"]
    finally:
        gc.enable()


def size(answer):
    """Width and height of a PNG."""
    data = answer.get_data()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_a_number_of_statements_that_does_not_grow(pipeline, alice, statements):
    seen = []
    for rows in (1, 5_000):
        body = {"imageNumber": list(range(rows)), "spotTotal": [1] * rows}
        for work in (lambda: pipeline.put(URL, json=body), lambda: alice.get(URL)):
            with statements() as ran:
                assert work().status_code == 200
            seen.append(len(ran))
    assert seen[:2] == seen[2:] and seen[1] == 2


def test_fast_and_slow_agree():
    columns = Columns(ImageQualitySchema())
    assert columns.struct
    for name in COLUMNS:
        for value in (0, 1, -1, 1.5, 2**31 - 1, None):
            body = {"imageNumber": [1, 2], name: [value, None]}
            text = json.dumps(body).encode()
            if errors := ImageQualitySchema().validate(body):
                assert columns._fast(text) is None, errors
            else:
                assert columns._fast(text) == ImageQualitySchema().load(body)
