"""Jobs, programs and results of several data collections: hidden if one of these is hidden.

Each caller is asked in each form of the rule, and the rows are compared with the rule in Python.
"""

from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import select

from shared import access_processing, callers, visibility
from shared.callers import described
from shared.db import db
from shared.identity import Identity, VisibleKeys
from shared.key_lists import EMPTY
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcScaling,
    AutoProcScalingHasInt,
    BLSample,
    BLSubSample,
    DiffractionPlan,
    ProcessingJob,
    ProcessingJobImageSweep,
)
from tests.core.conftest import ALICE, BOB
from tests.core.processing_rows import JOBS, PROGRAMS, URL, collect

SEEN, ALSO_SEEN, HIDDEN = 111, 112, 211  # by alice; the last is of session 21 on i04
WAYS = ("job", "sweep", "integration", "scaling")
CASES = [
    {},
    *({way: (SEEN,)} for way in WAYS),
    *({way: (HIDDEN,)} for way in WAYS),
    *({way: (SEEN,), other: (HIDDEN,)} for way, other in permutations(WAYS, 2)),
    *({way: (SEEN, ALSO_SEEN, SEEN, ALSO_SEEN, HIDDEN)} for way in WAYS if way != "job"),
    {"job": (SEEN,), "sweep": (SEEN, ALSO_SEEN), "integration": (ALSO_SEEN,), "scaling": (SEEN,)},
]  # the data collections of program 1, 2, …, by the way from the program to them
OWNER = 900  # the first of the programs of integrations in scalings of other programs


def identity(person=None, beamlines=()):
    return Identity(
        login="someone",
        personId=person,
        permissions=frozenset(),
        beamlines=frozenset(beamlines),
        beamline_limit=None,
        is_service=person is None,
        tokenId="t",
        expires=0,
    )


CALLERS = {
    "user": (identity(ALICE), {SEEN, ALSO_SEEN}),
    "other user": (identity(BOB), {HIDDEN, 221}),
    "staff": (identity(beamlines=["i03"]), {SEEN, ALSO_SEEN, 221}),
    "user and staff": (identity(ALICE, ["i04"]), {SEEN, ALSO_SEEN, HIDDEN}),
    "nobody": (identity(77), set()),
    "service": (identity(), set()),
}
FORMS = {
    "rows": lambda caller: caller,
    "lists": callers.look_up,
    "few rows": callers.look_up,
    "many own": lambda caller: replace(caller, visible=VisibleKeys(None, None, False)),
    "many of beamlines": lambda caller: replace(
        caller, visible=replace_beamlines(callers.look_up(replace(caller, beamlines=frozenset())))
    ),
}


def replace_beamlines(person):
    """The keys of a person alone: the sessions on beamlines are checked row by row."""
    keys = person.visible
    return VisibleKeys(keys.proposals or EMPTY, keys.sessions or EMPTY, False)


@pytest.fixture
def programs(facility, add_once):
    """Program n of ``CASES`` with its job, result and scaling, and the owner of integrations."""
    add_once(_add_programs)


def _add_programs(add):
    collect(add)
    integration = 0
    for n, uses in enumerate(CASES, 1):
        (collection,) = uses.get("job", (None,))
        add(
            ProcessingJob(processingJobId=n, dataCollectionId=collection),
            AutoProcProgram(autoProcProgramId=n, processingJobId=n),
            AutoProcProgramAttachment(
                autoProcProgramAttachmentId=n, autoProcProgramId=n, fileName="a", filePath="/a"
            ),
            AutoProc(autoProcId=1000 + n, autoProcProgramId=n),
            AutoProcScaling(autoProcScalingId=2000 + n, autoProcId=1000 + n),
            AutoProcProgram(autoProcProgramId=OWNER + n),
        )
        for each in uses.get("sweep", ()):
            add(ProcessingJobImageSweep(processingJobId=n, dataCollectionId=each))
        for owner, way in ((n, "integration"), (OWNER + n, "scaling")):
            for each in uses.get(way, ()):
                integration += 1
                key = {"autoProcIntegrationId": integration}
                add(AutoProcIntegration(**key, dataCollectionId=each, autoProcProgramId=owner))
                if way == "scaling":
                    add(AutoProcScalingHasInt(autoProcScalingId=2000 + n, **key))


def list_visible(seen):
    """The keys that a caller who sees the data collections ``seen`` gets, by the rule."""

    def sees(used):
        return bool(used) and used <= seen

    keys = {"programs": set(), "jobs": set(), "scalings": set(), "integrations": set()}
    integration = 0
    for n, uses in enumerate(CASES, 1):
        job, whole = {*uses.get("job", ()), *uses.get("sweep", ())}, {*sum(uses.values(), ())}
        owned = {OWNER + n: {*uses.get("scaling", ())}, n: whole}
        keys["jobs"] |= {n} if sees(job) else set()
        keys["programs"] |= {program for program, used in owned.items() if sees(used)}
        keys["scalings"] |= {n} if sees(whole) and seen & {*uses.get("scaling", ())} else set()
        for owner, way in ((n, "integration"), (OWNER + n, "scaling")):
            for each in uses.get(way, ()):
                integration += 1
                if each in seen and sees(owned[owner]):
                    keys["integrations"].add(integration)
    return keys


def select_keys(caller, form, key, condition):
    """The keys of the rows that are visible to ``caller`` by ``condition`` in that form."""
    shape, values = described(FORMS[form](caller))
    shape = shape._replace(few=form == "few rows")
    return set(db.session.scalars(select(key).where(condition(shape)), values))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CALLERS)
def test_each_form_of_the_rule_shows_the_same(app, programs, name, form):
    caller, seen = CALLERS[name]
    expected = list_visible(seen)
    program_ids = {n for n in expected["programs"] if n < OWNER}
    rules = access_processing
    with app.app_context():

        def get(key, condition=None):
            entity = key.class_
            table_rule = condition or (lambda shape: visibility.condition(shape, entity))
            return select_keys(caller, form, key, table_rule)

        assert get(AutoProcProgram.autoProcProgramId) == expected["programs"]
        assert get(ProcessingJob.processingJobId) == expected["jobs"]
        assert get(AutoProcIntegration.autoProcIntegrationId) == expected["integrations"]
        assert get(AutoProc.autoProcId) == {1000 + n for n in program_ids}
        assert get(AutoProcProgramAttachment.autoProcProgramAttachmentId) == program_ids
        scaling_id = AutoProcScaling.autoProcScalingId
        scaling_ids = get(scaling_id, lambda shape: rules.seen_scalings(shape, scaling_id))
        assert scaling_ids == {2000 + n for n in expected["scalings"]}


@pytest.mark.parametrize("query", ["", "?sessionId=11", "?session=mx1-1", "?proposal=mx1"])
@pytest.mark.parametrize("url", [PROGRAMS, JOBS, f"{URL}/autoproc", f"{URL}/autoproc/table"])
def test_a_list_shows_the_same_with_each_filter(as_, programs, url, query):
    """All that alice sees is of her session: a filter by it changes nothing."""
    kinds = {PROGRAMS: ("programs", 0), JOBS: ("jobs", 0), f"{URL}/autoproc": ("programs", 1000)}
    kind, offset = kinds.get(url, ("scalings", 2000))
    key = {PROGRAMS: "autoProcProgramId", JOBS: "processingJobId"}.get(url)
    key = key or ("autoProcId" if kind == "programs" else "autoProcScalingId")
    expected = {offset + n for n in list_visible({SEEN, ALSO_SEEN})[kind]}
    if url == f"{URL}/autoproc":
        expected = {n for n in expected if n < offset + OWNER}
    if query == "?sessionId=11" and url in (PROGRAMS, f"{URL}/autoproc"):
        return  # these lists have no such filter
    answer = as_("alice", ALICE).get(f"{url}{query}{'&' if query else '?'}limit=200").json
    assert {row[key] for row in answer["results"]} == expected
    assert answer["total"] == len(expected)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_shows_the_same_plans(app, stock, add, form):
    """Plans 2 and 3 are of crystals 1 and 2, plan 1 of sample 1, plan 4 of i03, 5 is of mx2."""
    link = {"diffractionPlanId": 6}
    add(BLSample(blSampleId=90, containerId=1, **link))
    for key, user in ((7, None), (8, BLSubSample), (9, BLSample)):
        add(DiffractionPlan(diffractionPlanId=key, beamLineName="i03"))
        if user is not None:
            where = {"blSampleId": 3} if user is BLSubSample else {"crystalId": 2}
            add(user(diffractionPlanId=key, **where))
    expected = {"user": {1, 2, 4, 6, 7}, "other user": {3, 4, 5, 7, 9}, "nobody": {4, 7}}
    with app.app_context():
        for name, plans in expected.items():
            visible = select_keys(
                *(CALLERS[name][0], form, DiffractionPlan.diffractionPlanId),
                lambda shape: visibility.condition(shape, DiffractionPlan),
            )
            assert visible == plans, name
