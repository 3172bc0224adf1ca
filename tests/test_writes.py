"""Every write of every service, with a whole body: whose rows it may name."""

import pytest
from sqlalchemy import select

from shared.db import Base, OwnBase
from tests.bodies import LEFT_OUT, leaves, put, whole
from tests.operations import filled, names
from tests.test_matrix import BODIES, MATRIX, PATHS, QUERIES, ROLES, ROW_1

WRITES = [name for name in MATRIX if not name.startswith("get")]
HIDDEN = {"personId": 6}  # the key of a row of others, where it is not 2
ABSENT = 999
# The links to rows that belong to nobody: everybody may name them.
FREE = {
    *("beamCalendarId", "beamLineSetupId", "beamlineSetupId", "detectorId", "detector_id"),
    *("experimentTypeId", "laboratoryId", "motorPositionId", "processingPipelineId"),
    *("spaceGroupId", "icatId", "positionId"),
}
GROUPS = "post /ispyb/mxcube/datacollections/group"
# Where a link is not looked at, or to what is not there is none: a new group is made.
FORGIVEN = {
    ("post /ispyb/mxcube/datacollections/datacollection", "group_id"),
    *((GROUPS, "group_id"), (GROUPS, "screening_sub_wedge_id")),
}


def shells(made):
    """A scaling has each of three once."""
    kinds = ("overall", "innerShell", "outerShell")
    return [{**made[0], "scalingStatisticsType": kind} for kind in kinds]


ODD = {
    **dict.fromkeys(("beamLineName", "beamlineName", "beamline_name"), "i03"),
    **dict.fromkeys(("scanParameters", "strategyOption"), '{"axis": "omega"}'),
    **dict.fromkeys(("processingStatus", "phasingStatus"), 1),
    **dict.fromkeys(
        ("autoProc.scalings.statistics", "furtherAutoProcs.scalings.statistics"), shells
    ),
    "collection_id": LEFT_OUT,
    "processingPipelineId": 6,
}


@pytest.fixture
def body(operations):
    """``body(name)`` is a whole body of a write, in which all links are to row 1."""

    def make(name):
        operation, least = operations[name][2], BODIES.get(name)
        if "requestBody" not in operation:
            return None
        if name in AS_IT_IS:
            return least
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        plain = least if isinstance(least, dict) else {}
        own = {key: value for key, value in plain.items() if not isinstance(value, dict | list)}
        return whole(schema, {**ODD, **own})

    return make


AS_IT_IS = {
    *("post /commands", "post /auth/login", "post /ispyb/mxcube/auth/login"),
    *("post /auth/refresh", "post /ispyb/mxcube/auth/refresh", "post /user/sign"),
    "post /auth/tokens",
}


@pytest.fixture
def send(built, operations, token):
    """``send(role, name, body)`` does that write on row 1."""

    def do(role, name, body, **headers):
        service, path, operation = operations[name]
        values = dict.fromkeys(names(operation, "path"), 1)
        values |= {key: value for key, value in ROW_1.items() if key in values}
        who, claims = ROLES[role]
        return (
            built(service)
            .test_client()
            .open(
                filled(path, values | PATHS.get(name, {})),
                method=name.split()[0],
                headers={"Authorization": f"Bearer {token(*who, **claims)}", **headers},
                query_string=QUERIES.get(name),
                **({} if body is None else {"json": body}),
            )
        )

    return do


@pytest.fixture
def content(engine):
    """``content()`` is all that is stored, by table."""

    def read():
        tables = [*Base.metadata.sorted_tables, *OwnBase.metadata.sorted_tables]
        with engine.connect() as connection:
            return {
                table.fullname: connection.execute(
                    select(table).order_by(*table.primary_key)
                ).all()
                for table in tables
            }

    return read


def writers(name):
    """Some that may do ``name``: a person and a program, as far as there are."""
    return [r for r in ("leader", "on session", "writing program") if MATRIX[name][r] < 300]


def links(body):
    """The paths of the fields of ``body`` that name rows which belong to somebody."""
    for path, value in leaves(body):
        name = path.rpartition(".")[2]
        if name.lower().endswith("id") and isinstance(value, int) and name not in FREE:
            yield path, HIDDEN.get(name, 2)


@pytest.mark.parametrize("name", WRITES)
def test_to_name_a_row_of_others_is_to_name_none(world, body, send, content, name):
    found = body(name)
    world()
    before, faults = content(), []
    for role in writers(name):
        for path, key in sorted({*links(found)}):
            if (name, path) in FORGIVEN:
                continue
            hidden, absent = (send(role, name, put(found, path, k)) for k in (key, ABSENT))
            alike = _text(hidden) == _text(absent)
            if not alike or hidden.status_code not in (404, 422, 424):
                faults.append((role, path, _text(hidden), _text(absent)))
            if content() != before:
                faults.append((role, path, "written"))
                world()
                before = content()
    assert not faults, "\n".join(map(str, faults))


def _text(answer):
    """What an answer says, whoever asked."""
    request_id = answer.headers["X-Request-ID"]
    return answer.status_code, answer.get_data(as_text=True).replace(request_id, "")
