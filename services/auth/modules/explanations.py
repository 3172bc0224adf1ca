"""Why a person sees an object or not: the access rule, for one right of the person at a time.

Nothing here knows HTTP.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from services.auth import app_context
from services.auth.modules.logins import find_person
from services.auth.modules.permissions import HOUSE, of_person
from shared import access_sharing, models, visibility
from shared.db import db
from shared.errors import bad_field, not_found
from shared.execution import fetch_value
from shared.identity import INDUSTRY_READ, Identity
from shared.models import (
    BLSession,
    DiffractionPlan,
    Person,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
)
from shared.names import build_proposal_name, build_session_name, proposal_filters

TECHNIQUES = ("mx_write", "ssx_write", "em_write")
OFFICE = ("uportal_sync",)
MOST_PARENTS = 10  # data collections of a program that an explanation names


class Kind(NamedTuple):
    """A kind of objects: the model, and who changes one that it sees.

    ``writers`` are the permissions of which everybody needs one, ``services`` those of which a
    service token needs one.
    """

    model: type
    writers: tuple[str, ...] = ()
    services: tuple[str, ...] = TECHNIQUES


KINDS = {
    "proposals": Kind(Proposal, OFFICE, ()),
    "sessions": Kind(BLSession, (*OFFICE, *TECHNIQUES), ()),
    "contacts/persons": Kind(Person, OFFICE, ()),
    "contacts/lab_contacts": Kind(models.LabContact, (), OFFICE),
    "samples": Kind(models.BLSample),
    "samples/crystals": Kind(models.Crystal),
    "samples/proteins": Kind(models.Protein),
    "samples/subsamples": Kind(models.BLSubSample),
    "samples/images": Kind(models.BLSampleImage),
    "samples/groups": Kind(models.BLSampleGroup),
    "samples/diffraction_plans": Kind(DiffractionPlan),
    "shipments": Kind(models.Shipping),
    "dewars": Kind(models.Dewar),
    "containers": Kind(models.Container),
    "containers/inspections": Kind(models.ContainerInspection),
    "data_collections": Kind(models.DataCollection, TECHNIQUES, ()),
    "data_collections/groups": Kind(models.DataCollectionGroup, TECHNIQUES, ()),
    "autoproc/programs": Kind(models.AutoProcProgram, ("processing_write",), ()),
}
"""The kinds of objects by their paths: those of the tables that all services share."""

LINKS: dict[type, tuple[str, ...]] = {
    BLSession: ("proposalId",),
    DiffractionPlan: ("presetForProposalId",),
    models.BLSampleGroup: ("proposalId",),
}
"""The links of tables whose rule is SQL alone."""

PATHS = {kind.model: path for path, kind in KINDS.items()}


class Row(NamedTuple):
    """A row of the path from an object to its proposal."""

    model: type
    key: int


def explain(identity: Identity, query: dict) -> dict:
    """The reasons why a person, by default the caller, sees an object or not, and may change it.

    Another person, and a hidden object, are explained to holders of manage_groups only.
    """
    is_administrator = identity.can("manage_groups")
    login = query.get("login", identity.login)
    subject = identity
    if login.casefold() != identity.login.casefold():
        identity.need("manage_groups")
        subject = _describe_person(login)
    kind, row = _find(query["object"])
    is_visible = _sees(subject, row)
    if not (is_visible or is_administrator):
        raise not_found(kind.model)
    path = [each for each in _follow(row) if is_administrator or _sees(subject, each)]
    give_reasons = _show if is_visible else _hide
    needed = kind.services if subject.is_service and kind.services else kind.writers
    return {
        "object": _address(row),
        "login": subject.login,
        "personId": subject.personId,
        "permissions": sorted(subject.permissions),
        "path": [{"object": _address(each), "name": _name(each)} for each in path],
        "visible": is_visible,
        "reasons": [*give_reasons(subject, row, path)],
        "mayChange": is_visible and (not needed or subject.can(*needed)),
        "changeNeeds": [*needed],
    }


def _find(address: str) -> tuple[Kind, Row]:
    """The kind and the row of an object by its path, such as ``/samples/12``."""
    path, _, name = address.strip("/").rpartition("/")
    kind = KINDS.get(path)
    if kind is None:
        paths = ", ".join(f"/{each}/…" for each in KINDS)
        raise bad_field("object", f"Must be the path of an object: {paths}")
    if kind.model is Proposal:
        filters = proposal_filters(name)
        key = _proposal_key(filters)
    else:
        key = int(name) if name.isascii() and name.isdigit() and len(name) < 10 else None
    if key is None or not _read(Row(kind.model, key), visibility.key_of(kind.model)):
        raise not_found(kind.model)
    return kind, Row(kind.model, key)


def _proposal_key(filters: dict) -> int | None:
    if "proposalId" in filters:
        return filters["proposalId"]
    stmt = select(Proposal.proposalId)
    stmt = stmt.where(Proposal.proposalCode.in_(filters["proposalCode__in"]))
    stmt = stmt.where(Proposal.proposalNumber == filters["proposalNumber"])
    return db.session.scalars(stmt).first()


def _describe_person(login: str) -> Identity:
    """The identity that a person with this login would sign in with now."""
    person = find_person(login)
    if person is None:
        raise not_found(Person)
    held = of_person(person.personId)
    for plugin in app_context.plugins().values():
        held |= {*plugin.permissions(person.login)}
    claims = {
        "sub": person.login,
        "personId": person.personId,
        "permissions": held,
        "jti": "",
        "exp": 0,
    }
    identity = app_context.verifier().identity(claims)
    return access_sharing.look_up(identity)


def _sees(identity: Identity, row: Row) -> bool:
    """Whether the access rule shows the row."""
    rule, key = visibility.rule(identity, row.model), visibility.key_of(row.model)
    stmt = select(key).where(key == bindparam("row"), rule.condition)
    return fetch_value(stmt, {**rule.values, "row": row.key}) is not None


def _read(row: Row, *columns: Any) -> Any:
    """The values of these columns of the row; None if there is no such row."""
    return db.session.execute(
        select(*columns).where(visibility.key_of(row.model) == row.key)
    ).first()


def _follow(row: Row) -> list[Row]:
    """The row, and those above it on whose proposals and sessions its rule depends."""
    path, waiting = [], [row]
    while waiting:
        above = waiting.pop(0)
        if above not in path:
            path.append(above)
            waiting += _find_parents(above)
    return path


def _find_parents(row: Row) -> list[Row]:
    """The rows directly above: several for a program with several data collections."""
    entry = visibility.entry(row.model)
    if entry.uses is not None:
        keys: set[int] = set()
        for use in entry.uses():
            stmt = use.keys.with_only_columns(use.row.dataCollectionId).where(use.key == row.key)
            keys.update(db.session.scalars(stmt.distinct().limit(MOST_PARENTS)))
        used = sorted(keys - {None})[:MOST_PARENTS]
        return [Row(models.DataCollection, key) for key in used]
    links = LINKS.get(row.model, entry.links)
    if not links:
        return []
    columns = [getattr(row.model, name) for name in links]
    values = zip(columns, _read(row, *columns) or ())
    parents = [Row(visibility.target(column), key) for column, key in values if key is not None]
    return parents[:1]


def _address(row: Row) -> str | None:
    path = PATHS.get(row.model)
    return f"/{path}/{row.key}" if path else None


def _name(row: Row) -> str | None:
    """The name of a proposal or session; null for other rows."""
    if row.model is Proposal:
        return build_proposal_name(*_read(row, Proposal.proposalCode, Proposal.proposalNumber))
    if row.model is BLSession:
        columns = (
            Proposal.proposalCode,
            Proposal.proposalNumber,
            BLSession.visit_number,
        )
        stmt = select(*columns).join(BLSession.proposal).where(BLSession.sessionId == row.key)
        parts = db.session.execute(stmt).first()
        return parts and build_session_name(*parts)
    return None


def _show(subject: Identity, row: Row, path: list[Row]) -> Iterator[dict]:
    """The rights of a person that show the row, each by itself."""
    nothing = replace(subject, personId=None, permissions=frozenset(), beamlines=frozenset())
    if subject.beamline_limit is not None:
        beamlines = ", ".join(sorted(subject.beamline_limit))
        yield _reason("beamlines", f"the token is limited to {beamlines}, and this is there")
        return
    if _sees(nothing, row):
        yield _reason("everybody", "everybody sees it")
        return
    reasons = []
    if subject.personId and _sees(replace(nothing, personId=subject.personId), row):
        reasons += _find_memberships(subject, path)
    for permission in sorted(subject.permissions):
        names = _beamlines(permission)
        alone = replace(nothing, permissions=frozenset([permission]), beamlines=names)
        if permission != INDUSTRY_READ and _sees(alone, row):
            means = HOUSE.get(permission) or f"see the sessions on {', '.join(sorted(names))}"
            reasons.append(_reason(permission, f"the permission {permission}: {means}"))
    yield from reasons or [_reason("together", "several rights show it together, none alone")]


def _find_memberships(subject: Identity, path: list[Row]) -> Iterator[dict]:
    """The memberships of a person in the proposals and sessions of the path."""
    me, login, is_found = subject.personId, subject.login, False
    for row in path:
        for right, text, stmt in _memberships(row, me):
            if db.session.execute(stmt.limit(1)).first():
                is_found = True
                yield _reason(right, f"{login} {text.format(_name(row))}", row)
    if not is_found:
        yield _reason("person", f"{login} owns it, or is on a proposal or session that shows it")


def _memberships(row: Row, me: int | None) -> list[tuple]:
    """The ways in which a person belongs to a proposal or session: name, text, SELECT."""
    if row.model is Proposal:
        lead = select(Proposal.proposalId).where(
            Proposal.proposalId == row.key, Proposal.personId == me
        )
        on_proposal = select(ProposalHasPerson.proposalId).where(
            ProposalHasPerson.proposalId == row.key, ProposalHasPerson.personId == me
        )
        on_session = select(BLSession.sessionId).join(
            SessionHasPerson, SessionHasPerson.sessionId == BLSession.sessionId
        )
        on_session = on_session.where(
            BLSession.proposalId == row.key, SessionHasPerson.personId == me
        )
        return [
            ("leader", "leads the proposal {}", lead),
            ("on_proposal", "is on the proposal {}", on_proposal),
            (
                "on_session_of_proposal",
                "is on a session of the proposal {}",
                on_session,
            ),
        ]
    if row.model is BLSession:
        stmt = select(SessionHasPerson.sessionId).where(
            SessionHasPerson.sessionId == row.key, SessionHasPerson.personId == me
        )
        return [("on_session", "is on the session {}", stmt)]
    return []


def _hide(subject: Identity, row: Row, path: list[Row]) -> Iterator[dict]:
    """The reasons why a person does not see the row."""
    if subject.beamline_limit is not None:
        beamlines = ", ".join(sorted(subject.beamline_limit))
        yield _reason("beamlines", f"the token is limited to {beamlines}, and this is not there")
        return
    if subject.closed_groups and _sees(replace(subject, closed_groups=""), row):
        yield _reason("shared_group", "a group of samples is shared with other persons only")
        return
    if subject.closed_codes and _sees(replace(subject, closed_codes=()), row):
        yield _reason("industrial", f"the proposal is industrial: {INDUSTRY_READ} is missing")
        return
    belong = [each for each in path if each.model in (Proposal, BLSession)]
    if not belong:
        yield _reason("nowhere", "it hangs on no proposal and on no session that shows it")
    for each in belong:
        yield _reason("not_on_it", f"{subject.login} is not on {_name(each)}", each)
        if each.model is BLSession:
            yield from _missing(each)


def _missing(session: Row) -> Iterator[dict]:
    """The permissions of the groups of the session's beamline."""
    (beamline,) = _read(session, BLSession.beamLineName)
    for group in app_context.site()["beamline_groups"]:
        if beamline in group["beamlines"]:
            text = f"{group['permission']} is missing: staff of {beamline} hold it"
            yield _reason("not_staff", text)


def _beamlines(permission: str) -> frozenset[str]:
    """The beamlines whose sessions the permission shows."""
    groups = app_context.site()["beamline_groups"]
    return frozenset(
        name
        for group in groups
        if group["permission"] == permission
        for name in group["beamlines"]
    )


def _reason(right: str, text: str, row: Row | None = None) -> dict:
    return {"right": right, "text": text, "object": row and _address(row)}
