"""Rows of others beside visible ones: no answer shows them, and no write changes them."""

import pytest

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    MXMRRun,
    Screening,
    ScreeningInput,
)
from shared.models import (
    AutoProcProgram,
    BLSample,
    BLSubSample,
    DataCollection,
    DataCollectionComment,
    DataCollectionGroup,
    DiffractionPlan,
    Person,
    Position,
)
from tests.core.conftest import ALICE, BOB
from tests.core.processing_rows import JOBS, PROGRAMS, RESULTS, URL, collect, document

SAMPLES, PLANS = f"{URL}/samples", f"{URL}/samples/diffraction_plans"


def shown(client, url, *path):
    """The value at ``path`` of the answer to a GET."""
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    found = answer.json
    for name in path:
        found = found[name]
    return found


@pytest.fixture
def alice(as_, facility):
    return as_("alice", ALICE, "mx_write", "processing_write")


@pytest.fixture
def staff(as_, facility):
    return as_("staff", None, "all_proposals", "mx_write", "processing_write")


# --------------------------------------------------------------------------- what answers show


def test_a_job_shows_no_program_that_uses_hidden_data(alice, staff, processed, add):
    hidden = {"processingPrograms": "SECRET", "processingJobId": 5}
    add(AutoProcProgram(autoProcProgramId=51, **hidden))
    add(AutoProcIntegration(autoProcProgramId=51, dataCollectionId=211))
    for client, programs in ((alice, [50]), (staff, [50, 51])):
        (listed,) = shown(client, f"{JOBS}?processingJobId=5", "results")
        for job in (listed, shown(client, f"{JOBS}/5")):
            assert [each["autoProcProgramId"] for each in job["programs"]] == programs


def test_a_job_whose_programs_are_all_hidden_waits(alice, processed, add):
    """The status of its data collection is the one of a job without a program."""
    url = f"{URL}/autoproc/status?dataCollectionIds=111"
    (before,) = shown(alice, url, "statuses")
    assert [run["autoProcProgramId"] for run in before["runs"]] == [50]
    add(AutoProcIntegration(autoProcProgramId=50, dataCollectionId=211))
    (after,) = shown(alice, url, "statuses")
    assert [(run["processingJobId"], run["status"]) for run in after["runs"]] == [(5, "Submitted")]
    assert shown(alice, f"{JOBS}/5", "programs") == []


def test_a_sample_shows_no_hidden_container_and_no_hidden_plan(alice, staff, stock, add):
    add(BLSample(blSampleId=9, crystalId=1, containerId=2, diffractionPlanId=5))
    for client, container, plan in ((alice, None, None), (staff, "puck 2", "plan 5")):
        (listed,) = shown(client, f"{SAMPLES}?blSampleId=9", "results")
        for row in (listed, shown(client, f"{SAMPLES}/9")):
            assert (row["Container"] and row["Container"]["code"]) == container
            assert (row["DiffractionPlan"] and row["DiffractionPlan"]["name"]) == plan
            assert row["Crystal"]["Protein"]["acronym"] == "LYS"


def test_a_group_and_an_event_show_no_name_of_a_hidden_sample(alice, staff, stock, add):
    group = {"dataCollectionGroupId": 7}
    add(DataCollectionGroup(sessionId=11, blSampleId=3, **group))
    add(DataCollection(dataCollectionId=7, **group))
    for client, name in ((alice, None), (staff, "lys-x3")):
        found = shown(client, f"{URL}/data_collections/groups/7")
        assert (found["blSampleId"], (found["BLSample"] or {}).get("name")) == (3, name)
        (event,) = shown(client, f"{URL}/events?sessionId=11", "results")
        assert (event["blSampleId"], event["blSample"]) == (3, name)
        by_protein = shown(client, f"{URL}/events?sessionId=11&proteinId=2", "total")
        assert by_protein == (0 if name is None else 1)


def test_whoever_reads_a_comment_reads_its_author(alice, stock, add):
    """The author need not be on the proposal."""
    add(DataCollectionGroup(dataCollectionGroupId=7, sessionId=11))
    add(DataCollection(dataCollectionId=7, dataCollectionGroupId=7), Person(personId=9, login="x"))
    add(DataCollectionComment(dataCollectionId=7, personId=9, comments="ice"))
    (comment,) = shown(alice, f"{URL}/data_collections/7/comments", "results")
    assert comment["Person"]["login"] == "x"
    assert alice.get(f"{URL}/contacts/persons/9").status_code == 404


def test_the_answer_of_a_change_is_what_its_caller_gets(alice, staff, stock, add):
    for key, session in ((1, 11), (2, 21)):
        group = {"dataCollectionGroupId": key, "experimentType": "SAD" if key == 2 else "OSC"}
        add(DataCollectionGroup(sessionId=session, blSampleId=1, **group))
        add(DataCollection(dataCollectionId=key, dataCollectionGroupId=key))
    for client, numbers in ((alice, (1, ["OSC"])), (staff, (2, ["OSC", "SAD"]))):
        changed = client.patch(f"{SAMPLES}/1", json={"comments": "x"})
        found = client.get(f"{SAMPLES}/1")
        assert changed.json == found.json
        assert changed.headers["ETag"] == found.headers["ETag"]
        counted = found.json["_metadata"]
        assert (counted["data_collections"], counted["types"]) == numbers


def test_a_row_that_is_given_away_shows_nothing_else_that_is_hidden(as_, stock, add):
    """Its caller named the new parents; the counts are those that it sees."""
    bob = as_("bob", BOB, "uportal_sync")
    given = bob.patch(f"{URL}/proposals/mx2", json={"personId": ALICE}).json
    assert (given["personId"], given["_metadata"]["sessions"]) == (ALICE, 0)
    assert bob.get(f"{URL}/proposals/mx2").status_code == 404


# ------------------------------------------------------------------------------------- results


def add_result(add, program, collection, owner=None):
    """A result of ``program``, whose scaling has an integration of ``collection``."""
    key = {"autoProcScalingId": program}
    add(
        AutoProc(autoProcId=program, autoProcProgramId=program),
        AutoProcScaling(**key, autoProcId=program),
    )
    of = {"autoProcProgramId": owner, "dataCollectionId": collection}
    add(AutoProcIntegration(autoProcIntegrationId=program, cell_a=77.5, **of))
    add(AutoProcScalingHasInt(autoProcIntegrationId=program, **key))


def listed(client, program):
    """Whether the answers about processing have a program, its result or its scaling."""
    keys = {
        PROGRAMS: "autoProcProgramId",
        f"{URL}/autoproc": "autoProcId",
        f"{URL}/autoproc/table": "autoProcScalingId",
    }
    found = {
        url: program in [row[key] for row in shown(client, url, "results")]
        for url, key in keys.items()
    }
    for url in (f"{PROGRAMS}/{program}", f"{URL}/autoproc/{program}", f"{RESULTS}/{program}"):
        found[url] = client.get(url).status_code == 200
    jobs = shown(client, JOBS, "results")
    found["job"] = program in [p["autoProcProgramId"] for job in jobs for p in job["programs"]]
    return {*found.values()}


@pytest.mark.parametrize("owner", [None, 60])
def test_a_result_of_hidden_data_is_hidden_everywhere(alice, staff, processed, add, owner):
    """Also if only its scaling refers to them, by an integration of no or of another program."""
    add_result(add, 50, 111)
    assert listed(alice, 50) == listed(staff, 50) == {True}
    add(
        AutoProcIntegration(autoProcIntegrationId=7, dataCollectionId=211, autoProcProgramId=owner)
    )
    add(AutoProcScalingHasInt(autoProcScalingId=50, autoProcIntegrationId=7))
    assert (listed(alice, 50), listed(staff, 50)) == ({False}, {True})


def test_events_of_a_result_of_hidden_data(alice, staff, processed, add, engine):
    add_result(add, 50, 111)
    with engine.begin() as connection:
        connection.execute(AutoProcProgram.__table__.update().values(processingStatus=1))
    url = f"{URL}/events?sessionId=11&status=processed"
    assert shown(alice, url, "total") == 1
    add(AutoProcIntegration(autoProcIntegrationId=7, dataCollectionId=211))
    add(AutoProcScalingHasInt(autoProcScalingId=50, autoProcIntegrationId=7))
    assert (shown(alice, url, "total"), shown(staff, url, "total")) == (0, 1)


def test_a_result_shows_no_integration_of_a_hidden_program(alice, staff, processed, add):
    """Its data are visible, but program 60 uses others too."""
    add_result(add, 50, 111)
    add(AutoProcIntegration(autoProcIntegrationId=7, dataCollectionId=112, autoProcProgramId=60))
    add(AutoProcScalingHasInt(autoProcScalingId=50, autoProcIntegrationId=7))
    for client, keys in ((alice, [50]), (staff, [50, 7])):
        (scaling,) = shown(client, f"{RESULTS}/50", "autoProc", "scalings")
        assert [row["autoProcIntegrationId"] for row in scaling["integrations"]] == keys
    body = {"program": {}, "autoProc": document()["autoProc"]}
    refused = alice.put(f"{RESULTS}/50", json=body)
    assert (refused.status_code, "hidden" in refused.json["detail"]) == (409, True)


def test_a_result_is_seen_by_the_data_of_its_scaling(alice, processed, add):
    """An older row: no job and no integration of its own names them."""
    add(AutoProcProgram(autoProcProgramId=52))
    add_result(add, 52, 111)
    assert alice.get(f"{PROGRAMS}/52").status_code == alice.get(f"{RESULTS}/52").status_code == 200


def test_an_integration_is_of_the_program_of_its_scaling(send, alice, processed, add, rows):
    add_result(add, 50, 111, owner=50)
    send("upsert_integration", dcid=211, scaling_id=50, cell_a=77.7)
    assert [row.autoProcProgramId for row in rows(AutoProcIntegration)] == [50, 50]
    assert alice.get(f"{RESULTS}/50").status_code == 404


def test_replacing_a_result_keeps_what_is_hidden(alice, staff, processed, add, rows):
    add_result(add, 50, 111, owner=50)
    add_result(add, 60, 211, owner=60)
    of = {"autoProcProgramId": 50}
    add(Screening(screeningId=1, dataCollectionId=111, **of))
    add(Screening(screeningId=2, dataCollectionId=211, **of))
    add(MXMRRun(mxMRRunId=1, autoProcScalingId=50, **of))
    add(MXMRRun(mxMRRunId=2, autoProcScalingId=60, **of))
    body = {**document(), "screenings": []}
    body["program"] = {"processingStatus": 1}
    made = alice.put(f"{RESULTS}/50?force=true", json=body)
    assert made.status_code == 200, made.json
    assert made.json == {**shown(alice, f"{RESULTS}/50"), "warnings": made.json["warnings"]}
    assert made.json["screenings"] == made.json["mxmrRuns"] == []
    assert [row.screeningId for row in rows(Screening)] == [2]
    assert [row.mxMRRunId for row in rows(MXMRRun)] == [2]


def test_replacing_a_result_keeps_the_integrations_that_others_use(alice, processed, add, rows):
    add_result(add, 50, 111, owner=50)
    add_result(add, 60, 211, owner=60)
    add(AutoProcScalingHasInt(autoProcScalingId=60, autoProcIntegrationId=50))
    refused = alice.put(f"{RESULTS}/50", json={"program": {}, "dataCollectionId": 112})
    assert (refused.status_code, "another program" in refused.json["detail"]) == (409, True)
    links = {
        (row.autoProcScalingId, row.autoProcIntegrationId) for row in rows(AutoProcScalingHasInt)
    }
    assert (60, 50) in links


# ------------------------------------------------------------------------------ plans and parts


@pytest.mark.parametrize("user", ["crystal", "sample", "subsample"])
def test_a_plan_that_is_used_is_not_for_everybody(as_, alice, stock, add, engine, user):
    add(DiffractionPlan(diffractionPlanId=9, beamLineName="i03", comments="SECRET"))
    erin = as_("erin", 9)
    assert shown(erin, f"{PLANS}/9", "comments") == "SECRET"
    link = {"diffractionPlanId": 9}
    if user == "crystal":
        with engine.begin() as connection:
            crystals = BLSample.crystal.property.mapper.local_table
            connection.execute(crystals.update().where(crystals.c.crystalId == 2).values(**link))
    elif user == "sample":
        add(BLSample(blSampleId=9, crystalId=2, **link))
    else:
        add(BLSubSample(blSubSampleId=9, blSampleId=3, **link))
    for client in (erin, alice):
        assert client.get(f"{PLANS}/9").status_code == 404
        assert 9 not in [row["diffractionPlanId"] for row in shown(client, PLANS, "results")]


def test_a_plan_for_another_proposal_is_not_seen_by_ones_crystal(alice, stock, add):
    add(BLSample(blSampleId=9, crystalId=1, diffractionPlanId=5))
    assert alice.get(f"{PLANS}/5").status_code == 404


def test_a_screening_of_a_hidden_collection_is_not_seen_by_its_group(alice, staff, facility, add):
    collect(add)
    add(Screening(screeningId=1, dataCollectionId=211, dataCollectionGroupId=11))
    for client, status in ((alice, 404), (staff, 200)):
        assert client.get(f"{URL}/screenings/1").status_code == status


def test_a_sample_cannot_be_left_to_a_hidden_container(alice, staff, stock, add):
    add(BLSample(blSampleId=9, crystalId=1, containerId=2))
    refused = alice.patch(f"{SAMPLES}/9", json={"crystalId": None})
    assert (refused.status_code, "hidden from you" in refused.json["detail"]) == (409, True)
    assert shown(alice, f"{SAMPLES}/9", "crystalId") == 1
    assert alice.patch(f"{SAMPLES}/1", json={"crystalId": None}).status_code == 200
    assert staff.patch(f"{SAMPLES}/9", json={"crystalId": None}).status_code == 200


def test_a_command_names_no_hidden_plan(send, as_, processed, stock, add, rows):
    add(Screening(screeningId=1, dataCollectionId=111))
    for plan in (6, 999):
        problem = send("insert_screening_input", 424, screening_id=1, diffractionplanid=plan)
        assert problem["errors"].popitem()[1] == ["no such DiffractionPlan"]
    (made,) = send("insert_screening_input", screening_id=1, diffractionplanid=4)
    assert [(row.screeningInputId, row.diffractionPlanId) for row in rows(ScreeningInput)] == [
        (made, 4)
    ]


def test_a_position_of_others_is_not_written(alice, facility, add, rows):
    add(Position(positionId=7, posX=1))
    for key in (11, 21):
        add(DataCollectionGroup(dataCollectionGroupId=key, sessionId=key))
        add(DataCollection(dataCollectionId=key, dataCollectionGroupId=key, positionId=7))
    url = f"{URL}/data_collections/11/position"
    assert alice.put(url, json={"posX": 5}).json["posX"] == 5
    assert shown(alice, url, "posX") == 5
    assert [row.posX for row in rows(Position) if row.positionId == 7] == [1]
    assert [row.positionId == 7 for row in rows(DataCollection)] == [False, True]
