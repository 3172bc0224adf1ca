"""A request that waited for the lock of a row reads what was committed while it waited."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier, local

import pytest
from sqlalchemy import MetaData, Table, delete, event, insert, inspect, select, text, update

from services.core.models import (
    DewarTransportHistory,
    Image,
    LabContact,
    Ligand,
    RobotAction,
)
from services.core.modules.samples import samples
from services.core.modules.shipping import containers, dewars, shipments
from services.ssx.models import Component, EventChain
from shared.db import db
from shared.models import (
    BeamLineSetup,
    BLSample,
    BLSampleGroup,
    BLSampleImage,
    BLSession,
    BLSubSample,
    Container,
    ContainerInspection,
    ContainerRegistry,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    Dewar,
    DewarRegistry,
    DiffractionPlan,
    Laboratory,
    Person,
    Position,
    Proposal,
    ProposalHasPerson,
    Protein,
    Shipping,
)
from shared.row_checks import PLURALS
from tests.conftest import unchecked
from tests.rows import row

URL = "/ispyb/api/v1"
GROUPS, COLLECTIONS = f"{URL}/data_collections/groups", f"{URL}/data_collections"
OFFICE = (
    *("office", None, "uportal_sync", "all_proposals", "all_sessions", "mx_write"),
    *("industry_read", "ssx_write"),
)
KEPT = 7  # the key of the row that has dependent rows
DELETED = {  # the row that a published DELETE names, and what it must have
    "/proposals/{proposal_id}": (Proposal, {"personId": 1}),
    "/sessions/{session_id}": (BLSession, {"proposalId": 1}),
    "/samples/{sample_id}": (BLSample, {}),
    "/samples/crystals/{crystal_id}": (Crystal, {"proteinId": 1}),
    "/samples/proteins/{protein_id}": (Protein, {"proposalId": 1}),
    "/samples/diffraction_plans/{plan_id}": (DiffractionPlan, {}),
    "/shipments/{shipment_id}": (Shipping, {"proposalId": 1}),
    "/dewars/{dewar_id}": (Dewar, {"shippingId": 1}),
    "/dewars/registry/{dewar_registry_id}": (DewarRegistry, {"facilityCode": f"{KEPT}"}),
    "/containers/{container_id}": (Container, {}),
    "/containers/registry/{container_registry_id}": (ContainerRegistry, {"barcode": "A"}),
    "/containers/inspections/{inspection_id}": (
        ContainerInspection,
        {"containerId": 1, "inspectionTypeId": 1},
    ),
    "/contacts/persons/{person_id}": (Person, {}),
    "/contacts/labs/{laboratory_id}": (Laboratory, {}),
    "/contacts/lab_contacts/{lab_contact_id}": (
        LabContact,
        {"personId": 1, "proposalId": 1, "cardName": "kept"},
    ),
    "/samples/groups/{group_id}": (BLSampleGroup, {"proposalId": 1}),
    "/samples/images/{image_id}": (BLSampleImage, {"blSampleId": 1}),
    "/samples/ligands/{ligand_id}": (Ligand, {"proposalId": 1, "name": "kept"}),
    "/samples/subsamples/{subsample_id}": (BLSubSample, {"blSampleId": 1}),
    "/ssx/components/{component_id}": (
        Component,
        {"componentTypeId": 1, "proposalId": 1, "name": "kept"},
    ),
    "/ssx/event_chains/{event_chain_id}": (EventChain, {"dataCollectionId": 1}),
}
ALONG = {  # the tables whose rows are deleted along, by the table of the row
    "BLSample": {*samples.DEPENDENT},
    "BLSampleGroup": {"BLSampleGroup_has_BLSample"},
    "BLSession": {"SessionType"},
    "Container": {*containers.DEPENDENT},
    "ContainerRegistry": {"ContainerRegistry_has_Proposal"},
    "Dewar": {*dewars.DEPENDENT},
    "DewarRegistry": {"DewarRegistry_has_Proposal"},
    "EventChain": {"Event"},
    "Shipping": {*shipments.DEPENDENT},
}
OF_QUEUE = "/containers/{container_id}/queue"  # deletes the entry with its samples
LINKS = {  # tables whose rows a DELETE names by their parents; no table refers to them
    "/proposals/{proposal_id}/persons/{person_id}": "ProposalHasPerson",
    "/sessions/{session_id}/persons/{person_id}": "Session_has_Person",
    "/data_collections/{data_collection_id}/comments/{comment_id}": "DataCollectionComment",
    "/samples/groups/{group_id}/persons/{person_id}": "SampleGroupPerson",
    "/samples/groups/{group_id}/samples/{sample_id}": "BLSampleGroup_has_BLSample",
    "/samples/proteins/{protein_id}/pdbs/{pdb_id}": "Protein_has_PDB",
    "/samples/{sample_id}/ligands/{ligand_id}": "BLSample_has_Ligand",
    "/dewars/registry/{dewar_registry_id}/proposals/{proposal_id}": "DewarRegistry_has_Proposal",
    "/containers/registry/{container_registry_id}/proposals/{proposal_id}": (
        "ContainerRegistry_has_Proposal"
    ),
    "/shipments/{shipment_id}/sessions/{session_id}": "ShippingHasSession",
    f"{OF_QUEUE}/{{container_queue_sample_id}}": "ContainerQueueSample",
    "/ssx/crystal_compositions/{composition_id}": "CrystalComposition",
    "/ssx/runs/{run_id}": "SSXDataCollection",  # whose data collection is deleted as any other row
    "/ssx/sample_compositions/{composition_id}": "SampleComposition",
    "/auth/groups/{user_group_id}/permissions/{permission_id}": "UserGroup_has_Permission",
    "/auth/groups/{user_group_id}/persons/{person_id}": "UserGroup_has_Person",
    "/auth/tokens/{service_token_id}": "ServiceToken",
}
STORED = "/ispyb/mxcube/datacollections/datacollection"
PATIENCE = 20
ARRIVED = datetime(2024, 5, 1)
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
        RobotAction(robotActionId=1, sessionId=11, actionType="LOAD"),
    )
    return as_("alice", 1, "mx_write")


@pytest.fixture
def after(engine):
    """``after(changes, send)`` is what is answered to who waited for somebody's changes.

    ``connect`` makes the connection of the changes.
    """

    def waited():
        if engine.dialect.name == "sqlite":  # one writer at a time, whatever it looks at
            return True
        with engine.connect() as other:
            return other.execute(WAITING).first()

    def run(changes, send, connect=engine.connect):
        with ThreadPoolExecutor() as pool, connect() as connection:
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


@pytest.mark.parametrize(
    "url, model, name",
    [
        ("/proposals/1", Proposal, "title"),
        ("/sessions/11", BLSession, "comments"),
        ("/contacts/persons/1", Person, "title"),
        ("/contacts/lab_contacts/7", LabContact, "cardName"),
        ("/samples/1", BLSample, "comments"),
        ("/beamline/setups/7", BeamLineSetup, "beamlineName"),
        ("/beamline/detectors/7", Detector, "localName"),
    ],
)
def test_the_answer_to_an_edit_is_the_row_as_it_then_is(as_, stock, add, after, url, model, name):
    add(LabContact(labContactId=7, personId=1, proposalId=1, cardName="old"))
    add(BeamLineSetup(beamLineSetupId=7), Detector(detectorId=7, localName="old"))
    (key,) = inspect(model).primary_key
    change = update(model).where(key == int(url.rpartition("/")[2])).values({name: "new"})
    answer = after([change], lambda: as_(*OFFICE).patch(URL + url, json={}))
    assert (answer.status_code, answer.json[name]) == (200, "new"), answer.json


def test_a_collection_with_the_files_of_one_that_was_just_stored_is_refused(alice, after, count):
    changes = [
        update(DataCollectionGroup).values(comments="going on"),
        insert(DataCollection).values(dataCollectionId=7, dataCollectionGroupId=1, **FILES),
    ]
    body = {"dataCollectionGroupId": 1, **FILES}
    answer = after(changes, lambda: alice.post(COLLECTIONS, json=body))
    assert (answer.status_code, count(DataCollection)) == (409, 2), answer.json


def test_an_acronym_that_was_just_taken_is_not_taken_again(as_, facility, after):
    changes = [
        update(Proposal).where(Proposal.proposalId == 1).values(title="new"),
        insert(Protein).values(proposalId=1, acronym="LYS"),
    ]
    body = {"proposalId": 1, "acronym": "lys"}
    answer = after(changes, lambda: as_("alice", 1).post(f"{URL}/samples/proteins", json=body))
    assert (answer.status_code, [*answer.json["errors"]]) == (409, ["acronym"])


def test_a_person_who_was_just_put_on_a_proposal_is_not_put_there_again(as_, facility, after):
    changes = [
        update(Proposal).where(Proposal.proposalId == 1).values(title="new"),
        insert(ProposalHasPerson).values(proposalId=1, personId=3),
    ]
    url = f"{URL}/proposals/1/persons"
    answer = after(changes, lambda: as_(*OFFICE).post(url, json={"personId": 3}))
    assert answer.status_code == 409, answer.json


def test_a_session_has_the_number_after_the_one_that_was_just_taken(as_, facility, after):
    changes = [
        update(Proposal).where(Proposal.proposalId == 1).values(title="new"),
        insert(BLSession).values(sessionId=7, proposalId=1, visit_number=7, beamLineName="i03"),
    ]
    body = {"proposalId": 1, "beamLineName": "i03"}
    answer = after(changes, lambda: as_(*OFFICE).post(f"{URL}/sessions", json=body))
    assert (answer.status_code, answer.json["visit_number"]) == (201, 8)


@pytest.mark.parametrize(
    "locked, row, url, body",
    [
        (Container, {"containerId": 1, "location": "5"}, "/samples/4", {"location": "5"}),
        (Protein, {"crystalId": 1, "name": "LYS-X7"}, "/samples/2", {"name": "lys-x7"}),
    ],
    ids=["place", "name"],
)
def test_a_place_or_name_that_a_sample_just_got_is_taken(
    as_, stock, after, locked, row, url, body
):
    """The container or the protein is locked by each request that puts a sample there."""
    (key,) = inspect(locked).primary_key
    changes = [
        select(locked.__table__).where(key == 1).with_for_update(),
        insert(BLSample).values(blSampleId=9, **row),
    ]
    answer = after(changes, lambda: as_(*OFFICE).patch(URL + url, json=body))
    assert (answer.status_code, [*answer.json["errors"]]) == (409, [*body]), answer.json


def test_a_container_that_just_came_into_a_place_leaves_it_for_the_next(as_, stock, after):
    place = {"beamlineLocation": "i03", "sampleChangerLocation": "5"}
    moved = update(Container).where(Container.containerId == 4)
    changes = [moved.values(**place, containerStatus="processing")]
    staff = as_(*OFFICE)
    body = {"containerId": 1, **place}
    answer = after(changes, lambda: staff.post(f"{URL}/containers/assign", json=body))
    assert answer.status_code == 200, answer.json
    (row,) = staff.get(f"{URL}/containers?sampleChangerLocation=5").json["results"]
    assert row["containerId"] == 1
    left = staff.get(f"{URL}/containers/4").json
    assert (left["beamlineLocation"], left["containerStatus"]) == (None, "at facility")


def test_of_two_scans_each_is_in_the_history(as_, stock, add, after):
    staff = as_(*OFFICE)
    staff.patch(f"{URL}/dewars/1", json={"barCode": "BAR-1", "dewarStatus": "opened"})
    changes = [
        update(Dewar).where(Dewar.dewarId == 1).values(dewarStatus="dispatch-booked"),
        insert(DewarTransportHistory).values(
            dewarId=1, dewarStatus="dispatch-booked", storageLocation="x", arrivalDate=ARRIVED
        ),
    ]
    body = {"barCode": "bar-1", "storageLocation": "stores-out"}
    answer = after(changes, lambda: staff.post(f"{URL}/dewars/scan", json=body))
    assert (answer.status_code, answer.json["dewarStatus"]) == (200, "dispatch-booked")
    history = staff.get(f"{URL}/dewars/1/history").json["results"]
    assert [row["storageLocation"] for row in history] == ["stores-out", "", "x"]


@pytest.fixture(scope="module")
def dependents(engine):
    """``dependents("Person")`` are the tables, and their columns, that refer to a table."""
    links = [
        (child, link["constrained_columns"][0], link["referred_table"])
        for (_, child), found in inspect(engine).get_multi_foreign_keys().items()
        for link in found
    ]

    def table(name):
        read = Table(name, MetaData(), autoload_with=engine, resolve_fks=False)
        for column in read.columns:
            column.foreign_keys.clear()  # its rows need no parents
        return read

    def of(parent):
        return [(table(child), column) for child, column, other in links if other == parent]

    return of


def test_each_delete_is_raced_below(operations, dependents):
    deleted = {name.partition(" ")[2] for name in operations if name.startswith("delete ")}
    assert deleted == {*DELETED, *LINKS, OF_QUEUE}
    assert not [table for table in LINKS.values() if dependents(table)]


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize("path", DELETED)
def test_a_delete_takes_no_row_with_it_that_was_just_stored(
    built, token, add, after, engine, dependents, path, tagged
):
    """The row is locked, the DELETE waits, a row is added to each table that refers to it."""
    (model, values), url = DELETED[path], URL + re.sub("{.*}", str(KEPT), path)
    (key,) = inspect(model).primary_key
    add(Person(personId=1), Proposal(proposalId=1, personId=1), BLSample(blSampleId=1))
    with unchecked(engine) as connection:
        connection.execute(insert(model).values({key.name: KEPT, **values}))
    along, links = ALONG.get(model.__tablename__, ()), dependents(model.__tablename__)
    below = [(table, column) for table, column in links if table.name not in along]
    rows = [
        insert(table).values({**row(table, number), column: KEPT})
        for number, (table, column) in enumerate(below, KEPT + 1)
    ]
    client = built("ssx" if path.startswith("/ssx/") else "core").test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(*OFFICE)}"
    headers = {"If-Match": client.get(url).headers["ETag"]} if tagged else {}
    held = select(model.__table__).where(key == KEPT).with_for_update()

    def send():
        return client.delete(url, headers=headers)

    try:
        answer = after([held, *rows], send, lambda: unchecked(engine))
    finally:
        with unchecked(engine) as connection:  # the tests empty our tables, and no others
            gone = [connection.execute(delete(t).where(t.c[c] == KEPT)).rowcount for t, c in below]
    assert gone == [1] * len(below)
    if tagged and answer.status_code == 412:  # the answer of GET shows some of the new rows
        return
    assert answer.status_code == (409 if below else 200), answer.json
    if below:
        names = {PLURALS.get(table.name, table.name) for table, _ in below}
        assert {*re.sub(".* still has ", "", answer.json["detail"]).split(", ")} == names


def test_new_groups_do_not_deadlock(app, as_, facility):
    """Both have come to their first data collection before either goes on."""
    document = {"sessionId": 11, "DataCollection": [FILES, {**FILES, "dataCollectionNumber": 2}]}
    with app.app_context():
        engine = db.engine
    start, seen, errors = Barrier(2), local(), []

    def meet(connection, cursor, statement, *_):
        first = re.match(r"INSERT INTO .?DataCollection\W", statement) and not vars(seen)
        if first and engine.dialect.name != "sqlite":
            seen.met = start.wait(PATIENCE)

    def note(context):
        errors.append(str(context.original_exception))

    event.listen(engine, "before_cursor_execute", meet)
    event.listen(engine, "handle_error", note)
    clients = [as_("alice", 1, "mx_write") for _ in range(2)]
    try:
        with ThreadPoolExecutor(2) as pool:
            answers = [*pool.map(lambda client: client.post(GROUPS, json=document), clients)]
    finally:
        event.remove(engine, "before_cursor_execute", meet)
        event.remove(engine, "handle_error", note)
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].json
    assert errors == []
