"""Who comes second waits, and then sees what the first one did: MariaDB shows a transaction that
looked before it waited only what was there when it looked.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, text, update

from services.core.models import Image, RobotAction
from shared.models import DataCollection, DataCollectionGroup, Position

URL = "/ispyb/api/v1"
GROUPS, COLLECTIONS = f"{URL}/data_collections/groups", f"{URL}/data_collections"
STORED = "/ispyb/mxcube/datacollections/datacollection"
PATIENCE = 20
WAITING = text("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
FILES = {"imageDirectory": "/data/raw/", "imagePrefix": "lys", "dataCollectionNumber": 1}
SENT = {
    "sessionId": 11,
    "collection_id": None,  # maybe a new one
    "oscillation_sequence": [{}],
    "fileinfo": {"directory": "/data/raw", "prefix": "lys", "run_number": 1},
}


@pytest.fixture
def alice(as_, facility, add):
    """She writes. Group and data collection 1 and robot action 1 are of her session 11."""
    add(
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=11),
        DataCollection(dataCollectionId=1, dataCollectionGroupId=1),
        RobotAction(robotActionId=1, blsessionId=11, actionType="LOAD"),
    )
    return as_("alice", 1, "mx_write")


@pytest.fixture
def after(engine):
    """``after(changes, send)`` is what is answered to who waited for somebody's changes."""

    def waited():
        if engine.dialect.name == "sqlite":  # one writer at a time, whatever it looks at
            return True
        with engine.connect() as other:
            return other.execute(WAITING).first()

    def run(changes, send):
        with ThreadPoolExecutor() as pool, engine.connect() as connection:
            for change in changes:
                connection.execute(change)
            answer, deadline = pool.submit(send), time.monotonic() + PATIENCE
            while not waited():
                assert time.monotonic() < deadline and not answer.done()
                time.sleep(0.2)  # MariaDB looks anew only when not asked for 0.1 s
            connection.commit()
            return answer.result()

    return run


@pytest.mark.parametrize(
    "url, model, name, value",
    [
        (f"{GROUPS}/1", DataCollectionGroup, "comments", "good"),
        (f"{COLLECTIONS}/1", DataCollection, "runStatus", "done"),
        (f"{URL}/beamline/robot_actions/1", RobotAction, "message", "good"),
    ],
)
def test_the_same_change_twice_is_shown_to_both(alice, after, url, model, name, value):
    changes = [update(model).values({name: value})]
    answer = after(changes, lambda: alice.patch(url, json={name: value}))
    assert (answer.status_code, answer.json[name]) == (200, value)


def test_a_comment_that_was_just_filled_up_is_seen_to_be_full(alice, after):
    changes = [update(DataCollection).values(comments="x" * 1024)]
    url = f"{COLLECTIONS}/1?appendComment=true"
    answer = after(changes, lambda: alice.patch(url, json={"comments": "y"}))
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["comments"])
    assert alice.get(f"{COLLECTIONS}/1").json["comments"] == "x" * 1024


@pytest.mark.parametrize("x", [0.5, 0.25])
def test_a_position_is_set_in_the_row_that_was_just_made(alice, after, count, x):
    changes = [
        insert(Position).values(positionId=7, posX=0.5),
        update(DataCollection).values(positionId=7),
    ]
    answer = after(changes, lambda: alice.put(f"{COLLECTIONS}/1/position", json={"posX": x}))
    assert answer.status_code == 200, answer.json
    assert (answer.json["positionId"], answer.json["posX"]) == (7, x)
    assert count(Position) == 1


def test_an_image_is_the_one_that_was_just_recorded(alice, after, count):
    row = {"imageId": 7, "dataCollectionId": 1, "imageNumber": 3, "fileName": "a"}
    changes = [
        update(DataCollection).values(runStatus="going on"),  # as who records an image locks it
        insert(Image).values(**row),
    ]
    url, body = f"{COLLECTIONS}/1/images", {"imageNumber": 3, "fileName": "a"}
    answer = after(changes, lambda: alice.post(url, json=body))
    assert (answer.status_code, answer.json["imageId"]) == (200, 7), answer.json
    assert answer.json["fileName"] == "a" and count(Image) == 1


def test_a_collection_is_the_one_that_was_just_stored(alice, after, count):
    """MXCuBE sends it again when the first answer does not come."""
    changes = [
        insert(DataCollectionGroup).values(dataCollectionGroupId=7, sessionId=11),
        insert(DataCollection).values(dataCollectionId=7, dataCollectionGroupId=7, **FILES),
    ]
    answer = after(changes, lambda: alice.post(STORED, json=SENT))
    assert answer.status_code == 200, answer.json
    assert (answer.json["dataCollectionId"], answer.json["dataCollectionGroupId"]) == (7, 7)
    assert (count(DataCollectionGroup), count(DataCollection)) == (2, 2)
