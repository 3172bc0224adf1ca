"""Proposals and sessions, as MXCuBE reads them at a sign-in.

One null or one odd name ends the sign-in: so the answers have neither.
"""

from datetime import datetime, timedelta
from http import HTTPStatus

from services.core.dialects.mxcube import ad_hoc_sessions
from services.core.dialects.mxcube.schemas import (
    MxcubeProposalQuery,
    MxcubeProposalSchema,
    MxcubeSessionQuery,
    MxcubeSessionSchema,
    SetupQuery,
)
from services.core.modules.people.proposals import proposals
from services.core.modules.people.sessions import sessions
from shared import names
from shared.api import Namespace, Resource
from shared.errors import NotFound
from shared.lenient import WHOLE_LIST, get_columns, with_warnings

proposal_ns = Namespace("proposals", description="Proposals of the caller")
session_ns = Namespace("sessions", description="Sessions on the beamlines")
NAMESPACES = [proposal_ns, session_ns]

NAME = ("proposalCode", "proposalNumber", "title")
PROPOSAL = ("proposalId", *NAME, "state", "proposalType")
SESSION = (
    "sessionId",
    "proposalId",
    "visit_number",
    "beamLineName",
    "startDate",
    "endDate",
    "scheduled",
    "nbShifts",
    "comments",
    "beamLineSetupId",
    "bltimeStamp",
    *(f"Proposal.{name}" for name in NAME),
)
NOTHING = {"proposalId": 0}  # no key is 0


@proposal_ns.route("")
class Proposals(Resource):
    @proposal_ns.require()
    @proposal_ns.takes(MxcubeProposalQuery, query=True)
    @proposal_ns.returns(MxcubeProposalSchema, many=True, bare=True)
    def get(self, identity, query):
        """List all proposals the caller may see and MXCuBE can name, or the one asked for."""
        if "search" in query:
            query |= _get_name_filters(query.pop("search")) or NOTHING
        if query.get("proposalId", 0) is None:
            query |= NOTHING
        page = proposals.list_(identity, {**query, **WHOLE_LIST, "fields": PROPOSAL})
        return [_build_proposal(row) for row in page["results"] if _has_name(row)]


@session_ns.route("")
class Sessions(Resource):
    @session_ns.may_answer(404)
    @session_ns.require()
    @session_ns.takes(MxcubeSessionQuery, query=True)
    @session_ns.returns(MxcubeSessionSchema, many=True, bare=True)
    def get(self, identity, query):
        """List all sessions the caller may see; those of a day overlap it."""
        page = sessions.list_(
            identity, {**_replace_period(query), **WHOLE_LIST, "fields": SESSION}
        )
        return [_build_session(row) for row in page["results"]]

    @session_ns.may_answer(404)
    @session_ns.require(service="mx_write")
    @session_ns.takes(MxcubeSessionSchema)
    @session_ns.returns(MxcubeSessionSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Open a session, once for each proposal, beamline and start: then 200.

        Every caller who sees the proposal may do this.
        """
        session, new = ad_hoc_sessions.get_or_create(identity, get_columns(data))
        answer = with_warnings(_build_session(session), data)
        return answer, HTTPStatus.CREATED if new else HTTPStatus.OK


@session_ns.route("/<int:session_id>")
class Session(Resource):
    @session_ns.require()
    @session_ns.returns(MxcubeSessionSchema)
    def get(self, identity, session_id):
        """Show one session."""
        return _build_session(sessions.get(identity, str(session_id), SESSION))


@session_ns.route("/<int:session_id>/associate-beamline-setup")
class SessionSetup(Resource):
    @session_ns.require(service="mx_write")
    @session_ns.takes(SetupQuery, query=True)
    @session_ns.returns(MxcubeSessionSchema)
    def patch(self, identity, query, session_id):
        """Note what the beamline of a session is set up with.

        Every caller who sees the session may do this.
        """
        row = ad_hoc_sessions.assign_setup(identity, session_id, query["beamLineSetupId"])
        return _build_session(sessions.written(identity, row))


def _get_name_filters(text: str) -> dict | None:
    """The filters of a proposal by code and number; None if ``text`` is no such name."""
    try:
        filters = names.proposal_filters(text)
    except NotFound:
        return None
    return filters if "proposalCode__in" in filters else None


def _has_name(row: dict) -> bool:
    """Whether the client can query the sessions of a proposal: it does so by code and number."""
    filters = _get_name_filters(_get_name(row))
    return filters is not None and filters["proposalNumber"] == row["proposalNumber"]


def _replace_period(query: dict) -> dict:
    """``query`` with the filters of the sessions that overlap its year, month or day."""
    period = [query.pop(name) for name in ("year", "month", "day") if name in query]
    if not period:
        return query
    first = datetime(*(period + [1, 1])[:3])
    after = {
        1: first.replace(year=first.year + 1),
        2: (first + timedelta(days=31)).replace(day=1),
        3: first + timedelta(days=1),
    }[len(period)]
    return {**query, "starts_before": after, "ends_after": first - timedelta.resolution}


def _get_name(row: dict) -> str:
    return f"{row['proposalCode'] or ''}{row['proposalNumber'] or ''}"


def _build_proposal(row: dict) -> dict:
    answer = {
        "proposalId": row["proposalId"],
        "proposalCode": row["proposalCode"] or "",
        "proposalNumber": row["proposalNumber"],
        "proposal": _get_name(row),
        "title": row["title"] or "",
        "state": row["state"] or "Open",
    }
    return answer | ({"type": row["proposalType"]} if row["proposalType"] else {})


def _build_session(row: dict) -> dict:
    """A session with two dates, as the client needs them.

    A missing date becomes the other one, or the time stamp of the row.
    """
    start, end, setup = row["startDate"], row["endDate"], row["beamLineSetupId"]
    return {
        "sessionId": row["sessionId"],
        "proposalId": row["proposalId"],
        "proposal": _get_name(row["Proposal"]),
        "startDate": start or end or row["bltimeStamp"],
        "endDate": end or start or row["bltimeStamp"],
        "beamLineName": row["beamLineName"] or "",
        "title": row["Proposal"]["title"] or "",
        "comments": row["comments"],
        "nbShifts": row["nbShifts"],
        "scheduled": row["scheduled"],
        "visitNumber": row["visit_number"],
        "BeamLineSetup": {"beamLineSetupId": setup} if setup else None,
    }
