"""The words of the role × route matrix: roles, answers by role, and ``Route``.

tests/<service>/matrix.py writes its routes with them. Proposal, session, group, collection,
person, … 1 of the world belong together, on beamline i03; those with 2 belong to the stranger, on
m02, and to an industrial proposal. Every operation is called for row 1.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.operations import PERMISSIONS

KEY = 900  # the first key of the rows of others that a world's ``mixed`` adds
I03, M02 = {"service": True, "beamlines": ["i03"]}, {"service": True, "beamlines": ["m02"]}
ROLES: dict[str, Any] = {
    "anonymous": None,
    "expired": (("alice", 1, *PERMISSIONS), {"exp": 1}),
    "stranger": (("stranger", 6), {}),
    "on session": (("visitor", 3), {}),
    "on proposal": (("member", 2), {}),
    "leader": (("alice", 1), {}),
    "beamline staff": (("staff", 4, "mx_admin"), {}),
    "all_proposals": (("overseer", 5, "all_proposals"), {}),
    "reading program": (("reader", None), I03),
    "writing program": (("writer", None, *PERMISSIONS), I03),
    "user office": (("office", None, *PERMISSIONS), {"service": True}),
    "program elsewhere": (("writer", None, *PERMISSIONS), M02),
}
NOBODY, SIGNED_IN = list(ROLES)[:2], list(ROLES)[2:]
INSIDE = SIGNED_IN[1:-1]  # to whom row 1 is visible
OUTSIDE = {"stranger", "user office", "program elsewhere"}  # row 2, the others do not see it
PROGRAMS = ["writing program", "user office", "program elsewhere"]  # they hold all permissions


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation: its answers to each role, and how it is called for row 1."""

    name: str = field(kw_only=False)  # verb and path, without /ispyb/api/v1
    statuses: dict[str, int] = field(kw_only=False)  # by role
    body: Any = None  # the least body, where {} is refused; or a function of a client
    query: dict = field(default_factory=dict)  # the parameters that the operation requires
    path: dict = field(default_factory=dict)  # the path parameters that are not 1
    list_key: str | None = None  # the field that holds the key of row 1, in a list of visible rows
    filters: dict = field(default_factory=dict)  # values of filters, see tests/test_filters.py
    sent_as_is: bool = False  # the least body is the whole body, or its fields are no columns
    secret: bool = False  # the answer holds a secret, so that no repeat of the POST shows it
    unchecked: frozenset[str] = frozenset()  # the links that may name a hidden or absent row
    also: frozenset[tuple[str, int]] = frozenset()  # copies in tests/test_beside.py it may change
    schema: str | None = None  # the name of the body's JSON Schema at /schemas/{name}
    in_files: bool = False  # the rows of a list are in files, not in tables
    by_row: bool = False  # a 403 depends on the row: an absent one may be a 404
    tidied: bool = False  # more is accepted than that schema says
    absent: int = 404  # the status of an absent row, to those who see all rows


def everybody(status: int = 200) -> dict[str, int]:
    """Statuses of a public operation: no token is needed."""
    return dict.fromkeys(ROLES, status)


def signed_in(status: int = 200) -> dict[str, int]:
    """Statuses of an operation that needs a token and no permission."""
    return everybody(status) | dict.fromkeys(NOBODY, 401)


def persons(status: int = 200) -> dict[str, int]:
    """Statuses of an operation on the caller itself, who must be in the table of persons."""
    return signed_in(404) | dict.fromkeys(SIGNED_IN[:6], status)


def inside(status: int = 200, reader: int | None = None, outside: int = 404) -> dict[str, int]:
    """Statuses where row 1 must be visible; ``reader`` is that of a read-only service token."""
    statuses = signed_in(outside) | dict.fromkeys(INSIDE, status)
    return statuses | ({"reading program": reader} if reader else {})


def holders(status: int = 200, elsewhere: int = 404) -> dict[str, int]:
    """Statuses where a permission is needed and row 1 must be visible."""
    return signed_in(403) | dict(zip(PROGRAMS, (status, status, elsewhere)))


def managers(status: int = 200) -> dict[str, int]:
    """Statuses where a permission is needed, and no row must be visible."""
    return holders(status, status)


def office(status: int = 200) -> dict[str, int]:
    """Statuses of a write that no token with a beamline limit may do."""
    return signed_in(403) | {"user office": status}


def people(status: int = 200, outside: int = 404) -> dict[str, int]:
    """Statuses of a write for persons who see row 1, and for the user office's token."""
    denied = dict.fromkeys(["reading program", *PROGRAMS], 403)
    return inside(status, outside=outside) | denied | {"user office": status}


def beside(*tables):
    """The copies of rows of these tables that a write may change."""
    return frozenset((table, key) for table in tables for key in (800, 801, 802))


def usual(path, key, noun, body, schema=None, outside=424, deleted=409, also=frozenset(), **more):
    """The routes of a resource that everybody writes who sees its rows."""
    one, written = f"{path}/{{{noun}_id}}", inside(reader=403)
    return [
        Route(f"get {path}", signed_in(), list_key=key, **more),
        Route(f"post {path}", inside(201, reader=403, outside=outside), body=body, schema=schema),
        Route(f"get {one}", inside()),
        Route(f"put {one}", written, body=body, also=also),
        Route(f"patch {one}", written, also=also),
        Route(f"delete {one}", inside(deleted, reader=403), also=also),
    ]
