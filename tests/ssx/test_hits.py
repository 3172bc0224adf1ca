"""Hits of serial runs over time, and over the chip, against the same images counted one by one."""

from io import BytesIO

import numpy
import pytest
from PIL import Image, ImageColor

from services.ssx.models import SSXDataCollection
from services.ssx.modules.pictures import HIT, INDEXED, PALE
from shared.models import DataCollection
from tests.ssx.serial_images import RUNS, add_runs, make_chunks, make_pipeline, put_chunks

STATES = ("isHit", "isIndexed")


@pytest.fixture
def pipeline(as_, facility, add):
    """Besides runs 11 and 21 there is 12, on an Oxford chip at 100 Hz, and 13, of 10 ms each."""
    add_runs(add)
    for key, start, serial in (
        (12, 1, {"repetitionRate": 100.0, "chipModel": "oxford"}),
        (13, 0, {"experimentName": "5 $^{$ ms"}),
    ):
        add(
            DataCollection(
                dataCollectionId=key,
                dataCollectionGroupId=1,
                startImageNumber=start,
                exposureTime=0.01,
            ),
            SSXDataCollection(dataCollectionId=key, **serial),
        )
    return make_pipeline(as_)


def divide(part, whole):
    return part / whole if whole else None


def test_the_hit_rate_over_time(pipeline, alice):
    numbers = [*range(1, 1_800), *range(4_200, 5_000)]
    images = put_chunks(pipeline, 12, make_chunks(6, numbers, 900)).images
    for points in (1, 7, 200):
        answer = alice.get(f"{RUNS}/12/hit_rate?points={points}").json
        edges = [1 + part * 4_999 // points for part in range(points + 1)]
        assert answer["imageNumber"] == edges[:-1]
        assert answer["time"] == pytest.approx([(first - 1) / 100 for first in edges[:-1]])
        for at, (first, end) in enumerate(zip(edges, edges[1:])):
            part = [images[number] for number in range(first, end) if number in images]
            hits, indexed = (sum(image[name] for image in part) for name in STATES)
            row = {name: answer[name][at] for name in answer}
            assert (row["images"], row["hits"], row["indexed"]) == (len(part), hits, indexed)
            assert row["hitRate"] == divide(hits, len(part))
            assert row["indexRate"] == divide(indexed, hits)
    assert None in answer["hitRate"]


def test_few_images_and_none(pipeline, alice):
    none = alice.get(f"{RUNS}/13/hit_rate").json
    assert none == dict.fromkeys(none, [])
    put_chunks(pipeline, 13, [{"imageNumber": [0, 2], "isIndexed": [True, None]}])
    assert alice.get(f"{RUNS}/13/hit_rate").json == {
        "imageNumber": [0, 1, 2],
        "time": [0, 0.01, 0.02],
        "images": [1, 0, 1],
        "hits": [1, 0, 0],
        "indexed": [1, 0, 0],
        "hitRate": [1, None, 0],
        "indexRate": [1, None, None],
    }
    put_chunks(pipeline, 11, [{"imageNumber": [5]}])
    assert alice.get(f"{RUNS}/11/hit_rate").json["time"] == [None]
    for path in ("hit_rate", "hit_map"):
        assert alice.get(f"{RUNS}/21/{path}").status_code == 404


def walk_oxford():
    """The row and column of each place of an Oxford chip, as the stage of I24 goes over it."""
    for block_column in range(8):
        climbs = block_column % 2 == 1
        for block_row in reversed(range(8)) if climbs else range(8):
            for y in range(20):
                for x in reversed(range(20)) if y % 2 else range(20):
                    row = 19 - y if climbs else y
                    yield block_row * 20 + row, block_column * 20 + x


def test_the_hits_over_an_oxford_chip(pipeline, alice):
    """Each place has two images; the last image is of none."""
    numbers = [*range(1, 4_500), 51_000, 51_200, 51_201]
    images = put_chunks(pipeline, 12, make_chunks(7, numbers, 3_000)).images
    maps = {name: numpy.zeros((160, 160), int) for name in ("images", "hits", "indexed")}
    resolutions = {}
    for step, (row, column) in enumerate(walk_oxford()):
        for number in (2 * step + 1, 2 * step + 2):
            if image := images.get(number):
                maps["images"][row, column] += 1
                maps["hits"][row, column] += image["isHit"]
                maps["indexed"][row, column] += image["isIndexed"]
                if image["isHit"] and image.get("resolution"):
                    block = row // 20, column // 20
                    resolutions.setdefault(block, []).append(image["resolution"])
    answer = alice.get(f"{RUNS}/12/hit_map?exposures=2").json
    assert (answer["columns"], answer["blockRows"], answer["serpentine"]) == (160, 20, True)
    assert answer["outside"] == 1
    for name, places in maps.items():
        assert answer[name] == places.tolist(), name
    blocks = alice.get(f"{RUNS}/12/hit_map?exposures=2&by=block").json
    for name, places in maps.items():
        expected = places.reshape(8, 20, 8, 20).sum(axis=(1, 3)).tolist()
        assert blocks[name] == expected
    for row in range(8):
        for column in range(8):
            part = [blocks[name][row][column] for name in ("indexed", "hits", "images")]
            assert blocks["hitRate"][row][column] == divide(part[1], part[2])
            assert blocks["indexRate"][row][column] == divide(part[0], part[1])
            mean = numpy.mean(resolutions[row, column]) if (row, column) in resolutions else None
            assert blocks["resolution"][row][column] == (mean and pytest.approx(mean))


def test_the_order_of_a_chip_of_ones_own(pipeline, alice):
    hits = [1, 2, 4, 7, 12]
    put_chunks(pipeline, 13, [{"imageNumber": [n - 1 for n in hits], "isHit": [True] * 5}])
    chip = "columns=4&rows=3"
    for query, expected in (
        (chip, [[1, 1, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]]),
        (f"{chip}&serpentine=false", [[1, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]]),
        (f"{chip}&blockColumns=2&blockRows=1", [[1, 1, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]),
        (
            f"{chip}&blockColumns=2&blockRows=1&serpentine=false",
            [[1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
        ),
    ):
        answer = alice.get(f"{RUNS}/13/hit_map?{query}").json
        assert answer["hits"] == expected, query
    for query, name in (
        ("", "columns"),
        ("rows=3", "columns"),
        (f"{chip}&blockRows=2", "blockRows"),
        ("columns=1000&rows=1000", "columns"),
        (f"{chip}&by=row", "by"),
    ):
        answer = alice.get(f"{RUNS}/13/hit_map?{query}")
        assert (answer.status_code, name in answer.json["errors"]) == (422, True), query


@pytest.mark.sqlite
def test_pictures(pipeline, alice):
    states = [(True, True)] * 120 + [(True, False)] * 60 + [(False, False)] * 200
    hit, indexed = zip(*states)
    body = {"imageNumber": [*range(380)], "isHit": hit, "isIndexed": indexed}
    put_chunks(pipeline, 13, [body])
    chip = "columns=20&rows=20"
    for path, kind, start in (
        ("hit_rate", "image/png", b"\x89PNG"),
        (f"hit_map?{chip}", "image/svg+xml", b"<?xml"),
        (f"hit_map?{chip}&blockRows=10&by=block", "image/png", b"\x89PNG"),
    ):
        answer = alice.get(f"{RUNS}/13/{path}", headers={"Accept": kind})
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.get_data().startswith(start)
    assert alice.get(f"{RUNS}/11/hit_rate", headers={"Accept": "image/png"}).status_code == 200
    picture = alice.get(f"{RUNS}/13/hit_map?{chip}", headers={"Accept": "image/png"}).get_data()
    colors = Image.open(BytesIO(picture)).convert("RGB").getcolors(2**24)
    pixels = {color: number for number, color in colors}
    areas = [pixels[ImageColor.getrgb(color)] for color in (INDEXED, HIT, PALE)]
    whole = sum(areas) / 380
    assert [area / whole for area in areas] == pytest.approx([120, 60, 200], rel=0.03)
