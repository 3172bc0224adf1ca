"""Statistics and histograms of serial runs, against NumPy on the same images."""

import numpy
import pytest

from tests.ssx.conftest import API
from tests.ssx.serial_images import (
    CELL,
    RUNS,
    add_runs,
    make_chunks,
    make_pipeline,
    put_chunks,
)

URL = f"{RUNS}/11/statistics"
NOTHING = {"images": 0, "hits": 0, "indexed": 0, "hitRate": None, "indexRate": None}
NOTHING |= {"meanSpots": None, "meanResolution": None, "bestResolution": None}


@pytest.fixture
def pipeline(as_, facility, add):
    add_runs(add)
    return make_pipeline(as_)


def compute(images):
    """The statistics of a reference."""
    hits, indexed = (sum(images.column(name)) for name in ("isHit", "isIndexed"))
    resolution = images.column("resolution", "isHit")
    statistics = {
        "dataCollectionId": 11,
        "images": len(images.images),
        "hits": hits,
        "indexed": indexed,
        "hitRate": hits / len(images.images),
        "indexRate": indexed / hits,
        "meanSpots": numpy.mean(images.column("spots", "isHit")),
        "meanResolution": numpy.mean(resolution),
        "bestResolution": min(resolution),
        "medianResolution": numpy.median(resolution),
    }
    cell = {name: numpy.median(images.column(name, "isIndexed")) for name in CELL}
    return statistics, cell


def compute_histogram(values, bins):
    """The histogram of the contract: without outliers, but with the median of all."""
    first, third = numpy.percentile(values, (25, 75))
    low, high = first - 1.5 * (third - first), third + 1.5 * (third - first)
    kept = numpy.array([value for value in values if low <= value <= high])
    y, x = numpy.histogram(kept, bins)
    return x, y.tolist(), numpy.median(values), len(kept), len(values) - len(kept)


def test_statistics_equal_those_of_numpy(pipeline, alice):
    images = put_chunks(pipeline, 11, make_chunks(2, range(1, 2_500), 300))
    statistics, cell = compute(images)
    answer = alice.get(URL).json
    assert (answer.pop("source"), answer.pop("estimatedResolution")) == ("images", None)
    assert answer.pop("medianCell") == pytest.approx(cell, rel=1e-12)
    assert answer == pytest.approx(statistics, rel=1e-12)
    for bins in (50, 7):
        answer = alice.get(f"{RUNS}/11/cells/histogram?bins={bins}").json
        assert answer["dataCollectionIds"] == [11]
        for name in CELL:
            histogram = answer[name]
            x, y, *numbers = compute_histogram(images.column(name, "isIndexed"), bins)
            assert histogram["x"] == pytest.approx(x, rel=1e-12), name
            assert histogram["y"] == y, name
            numbers_of_answer = [histogram[each] for each in ("median", "kept", "leftOut")]
            assert numbers_of_answer == pytest.approx(numbers, rel=1e-12)
    assert answer["cell_alpha"]["x"] == pytest.approx(numpy.linspace(89.5, 90.5, 8))
    # the same images as blanks: nothing of the former values stays
    blanks = {"imageNumber": [*images.images], "isHit": [False] * len(images.images)}
    assert pipeline.put(f"{RUNS}/11/images", json=blanks).status_code == 200
    answer = alice.get(URL).json
    assert (answer["images"], answer["hits"], answer["indexed"]) == (2_499, 0, 0)
    assert answer["medianCell"] is answer["medianResolution"] is answer["meanSpots"] is None
    assert alice.get(f"{RUNS}/11/cells/histogram").json["cell_a"] is None


def test_several_runs(pipeline, alice, bob, statements):
    bodies = [body for seed in (3, 4) for body in make_chunks(seed, range(500), 700)]
    images = [put_chunks(pipeline, key, [body]) for key, body in zip((11, 21), bodies)]
    both = f"{API}/ssx/statistics?dataCollectionId__in=21,11,99"
    with statements() as seen:
        answer = pipeline.get(both).json
    assert len(seen) == 1
    assert [row["dataCollectionId"] for row in answer["runs"]] == [11, 21]
    assert answer["runs"][0] == alice.get(URL).json
    total = answer["sum"]
    columns = [each.column(name, "isHit") for each in images for name in ("spots", "resolution")]
    assert total["images"] == sum(len(each.images) for each in images)
    assert total["hits"] == sum(sum(each.column("isHit")) for each in images)
    assert total["meanSpots"] == pytest.approx(numpy.mean(columns[0] + columns[2]), rel=1e-12)
    assert total["meanResolution"] == pytest.approx(numpy.mean(columns[1] + columns[3]))
    assert total["bestResolution"] == min(columns[1] + columns[3])
    histogram = pipeline.get(f"{API}/ssx/cells/histogram?dataCollectionId__in=11,21").json
    cells = [value for each in images for value in each.column("cell_b", "isIndexed")]
    assert histogram["cell_b"]["y"] == compute_histogram(cells, 50)[1]
    assert histogram["dataCollectionIds"] == [11, 21]
    # each caller gets the visible ones
    for query in ("dataCollectionId__in=11,21", "dataCollectionGroupId=1", "session=mx1-1"):
        answer = alice.get(f"{API}/ssx/statistics?{query}").json
        assert [row["dataCollectionId"] for row in answer["runs"]] == [11]
        assert answer["sum"]["images"] == len(images[0].images)
    answer = bob.get(f"{API}/ssx/cells/histogram?dataCollectionId__in=11,21").json
    assert answer["dataCollectionIds"] == [21]
    answer = bob.get(f"{API}/ssx/statistics?dataCollectionGroupId=1").json
    assert answer == {"runs": [], "sum": NOTHING}


def test_a_run_without_images_and_a_hidden_one(pipeline, alice):
    none = {"dataCollectionId": 11, **NOTHING, "medianResolution": None, "medianCell": None}
    none |= {"source": "images", "estimatedResolution": None}
    assert alice.get(URL).json == none
    nulls = {**dict.fromkeys(CELL), "dataCollectionIds": [11]}
    assert alice.get(f"{RUNS}/11/cells/histogram").json == nulls
    for path in ("statistics", "cells/histogram"):
        hidden, absent = (alice.get(f"{RUNS}/{key}/{path}") for key in (21, 99))
        assert (hidden.status_code, absent.status_code) == (404, 404)
    assert alice.get(f"{API}/ssx/statistics?session=mx2-1").status_code == 404
    for query in ("", "?dataCollectionId__in=", "?dataCollectionId__in=1&session=mx1-1"):
        assert alice.get(f"{API}/ssx/statistics{query}").status_code == 422, query
    assert alice.get(f"{RUNS}/11/cells/histogram?bins=0").status_code == 422


@pytest.mark.sqlite
def test_pictures_of_histograms(pipeline, alice):
    put_chunks(pipeline, 11, make_chunks(5, range(300), 300))
    one, several = (
        f"{RUNS}/11/cells/histogram",
        f"{API}/ssx/cells/histogram?dataCollectionId__in=11",
    )
    for url, kind, start in ((one, "image/png", b"\x89PNG"), (several, "image/svg+xml", b"<?xml")):
        answer = alice.get(url, headers={"Accept": kind})
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.get_data().startswith(start)
    again = {"If-None-Match": answer.headers["ETag"], "Accept": kind}
    assert alice.get(several, headers=again).status_code == 304
