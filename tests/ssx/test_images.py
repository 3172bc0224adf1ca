"""Images of serial runs: columns in, merged by image, and out again."""

import threading

import pytest

from services.ssx.models import SSXDataCollection
from shared.models import DataCollection
from tests.ssx.serial_images import (
    COLUMNS,
    RUNS,
    add_runs,
    make_chunks,
    make_pipeline,
    put_chunks,
)

URL = f"{RUNS}/11/images"


@pytest.fixture
def pipeline(as_, facility, add):
    add_runs(add)
    return make_pipeline(as_)


def test_images_are_merged(pipeline, alice):
    reference = put_chunks(pipeline, 11, make_chunks(1, range(990, 3_100), 400))
    stored = alice.get(URL).json
    assert stored.keys() == {"imageNumber", *COLUMNS}
    assert stored["imageNumber"] == [*range(990, 3_100)]
    for name in COLUMNS:
        assert stored[name] == reference.column(name), name
    part = alice.get(f"{URL}?start=1999&end=2000&columns=spots,cell_a").json
    assert part == {
        "imageNumber": [1999, 2000],
        "spots": stored["spots"][1009:1011],
        "cell_a": stored["cell_a"][1009:1011],
    }


def test_absent_columns_and_nulls_keep(pipeline, alice):
    cell = dict.fromkeys(COLUMNS[4:], [80.0])
    first = {"imageNumber": [7], "isIndexed": [True], "spots": [30], "resolution": [1.8], **cell}
    assert pipeline.put(URL, json=first).status_code == 200
    assert pipeline.put(URL, json={"imageNumber": [7], "spots": [None]}).json == {"upserted": 1}
    stored = {"imageNumber": [7], "isHit": [True], **first}
    assert alice.get(URL).json == stored
    # the last of two rows of one image counts, and an image without hit has no cell
    body = {"imageNumber": [7, 7], "spots": [5, None], "isHit": [True, False]}
    assert pipeline.put(URL, json=body).status_code == 200
    none = dict.fromkeys(COLUMNS[4:], [None])
    assert alice.get(URL).json == {
        **stored,
        "isHit": [False],
        "isIndexed": [False],
        "spots": [5],
        **none,
    }
    assert pipeline.put(URL, json={"imageNumber": []}).json == {"upserted": 0}


def test_a_bad_document_stores_nothing(pipeline, add):
    add(
        DataCollection(
            dataCollectionId=12, dataCollectionGroupId=1, startImageNumber=1, numberOfImages=100
        ),
        SSXDataCollection(dataCollectionId=12),
    )
    limited = f"{RUNS}/12/images"
    cases = [
        (URL, {}, "imageNumber"),
        (URL, {"imageNumber": [-1]}, "imageNumber"),
        (URL, {"imageNumber": [10_000_001]}, "imageNumber"),
        (limited, {"imageNumber": [0]}, "imageNumber"),
        (limited, {"imageNumber": [100, 101]}, "imageNumber"),
        (URL, {"imageNumber": [1], "isHit": [2]}, "isHit"),
        (URL, {"imageNumber": [1], "spots": [1.5]}, "spots"),
        (URL, {"imageNumber": [1], "spots": [1, 2]}, "spots"),
        (URL, {"imageNumber": [1], "resolution": [0]}, "resolution"),
        (URL, {"imageNumber": [1], "cell_a": [-61.9]}, "cell_a"),
        (URL, {"imageNumber": [1], "cell_alpha": [180]}, "cell_alpha"),
        (URL, {"imageNumber": [1], "cell_a": [61.9], "isIndexed": [False]}, "isIndexed"),
        (URL, {"imageNumber": [1], "hits": [True]}, "hits"),
    ]
    for url, body, name in cases:
        answer = pipeline.put(url, json=body)
        assert (answer.status_code, [*answer.json["errors"]]) == (422, [name]), body
    assert pipeline.put(URL, json={"imageNumber": [1] * 20_001}).status_code == 413
    assert pipeline.get(URL).json["imageNumber"] == pipeline.get(limited).json["imageNumber"] == []
    assert pipeline.put(limited, json={"imageNumber": [1, 100]}).status_code == 200
    assert pipeline.put(URL, json={"imageNumber": [0, 10_000_000]}).status_code == 200
    for query in ("start=x", "columns=hits", "start=1&end=20001"):
        assert pipeline.get(f"{URL}?{query}").status_code == 422, query
    assert pipeline.get(f"{URL}?start=10000000").json["imageNumber"] == [10_000_000]


def test_who_writes_and_who_reads(pipeline, as_, alice, bob):
    hidden, absent = f"{RUNS}/21/images", f"{RUNS}/99/images"
    body = {"imageNumber": [1]}
    assert alice.put(URL, json=body).status_code == 403
    elsewhere = as_("mxcube", None, "ssx_write", service=True, beamlines=["i24"])
    assert elsewhere.put(URL, json=body).status_code == 404
    assert pipeline.put(hidden, json=body).status_code == 200
    assert bob.get(hidden).json["imageNumber"] == [1]
    answers = [alice.get(url) for url in (hidden, absent)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json["detail"] == answers[1].json["detail"]


def test_a_run_with_images_is_not_deleted(pipeline, as_):
    writer = as_("software", None, "ssx_write", "all_sessions", service=True)
    assert pipeline.put(URL, json={"imageNumber": [1]}).status_code == 200
    answer = writer.delete(f"{RUNS}/11")
    assert (answer.status_code, answer.json["detail"]) == (409, "run still has images")
    assert writer.delete(f"{RUNS}/21").status_code == 200


def test_chunks_at_the_same_time(pipeline, alice):
    """The first chunks of a run arrive at once: none of them is lost, and none is refused."""
    chunks = [{"imageNumber": [*range(at, 3_000, 6)], "spots": [at] * 500} for at in range(6)]
    answers = []

    def send(body):
        other = pipeline.application.test_client()
        other.environ_base.update(pipeline.environ_base)
        answers.append(other.put(URL, json=body).status_code)

    threads = [threading.Thread(target=send, args=[body]) for body in chunks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 6
    assert alice.get(f"{URL}?columns=spots").json["spots"] == [*range(6)] * 500
