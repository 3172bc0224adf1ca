"""The client of MXCuBE, unmodified, signs in through the gateway and finds its sessions."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.metadata import distribution
from time import time

import pytest

from shared.models import BLSession
from shared.service_tables import RefreshToken
from tests.conftest import serve

TODAY = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def visit(number, start, end, proposal=10, beamline="i03"):
    return BLSession(
        sessionId=100 + number,
        proposalId=proposal,
        visit_number=number,
        beamLineName=beamline,
        startDate=start,
        endDate=end,
    )


def test_the_client_is_as_published():
    for file in distribution("mxcubecore").files:
        if file.name.startswith("PyISPyB") and file.suffix == ".py":
            digest = sha256(file.locate().read_bytes()).digest()
            assert file.hash.value == urlsafe_b64encode(digest).decode().rstrip("="), file


# ------------------------------------------------------------------ signing in


def test_it_signs_in_by_token_and_reads_who_it_is(adapter):
    person = adapter.get_current_user_data()
    assert (person["givenName"], person["familyName"]) == ("Alice", "Moreau")


def test_a_wrong_token_is_refused(mxcube, server, facility):
    client = mxcube.Client(f"{server}/ispyb/mxcube/")
    with pytest.raises(mxcube.Unsuccessful, match="401"):
        client.authenticate("alice", "wrong")


def test_it_signs_in_again_as_somebody_else(sign_in):
    """The header of alice is still sent."""
    client = sign_in("alice")
    client.authenticate("bob", "bob-token")
    assert client.get("user/current")["familyName"] == "Brandt"


# ------------------------------------------------------------------ proposals and sessions


def test_it_finds_its_proposals(adapter):
    found = {proposal.proposal_id: proposal for proposal in adapter.get_proposals()}
    assert found.keys() == {"10", "11"}
    assert (found["10"].code, found["10"].number, found["10"].title) == ("MX", "123", "")
    assert (found["11"].code, found["11"].number, found["11"].title) == ("MB", "7", "Tails")
    assert adapter.find_proposal("MX", "123").proposal_id == "10"
    assert adapter._PyISPyBDataAdapter__find_proposal_by_id(11).code == "MB"


def test_it_finds_the_proposals_of_max_iv(mxcube, sign_in, monkeypatch):
    """A private service of MAX IV says which are at the beamline; codes are MX and MB."""

    class Duo:
        def __init__(self, url): ...

        def login(self, user, password): ...

        def get_beamline_proposals(self, beamline):
            return [123, 7, 9]

    monkeypatch.setattr(mxcube.maxiv, "RestDuo", Duo)
    adapter = mxcube.maxiv.MAXIVPyISPyBDataAdapter("https://duo", sign_in(), "i03")
    assert {proposal.code + proposal.number for proposal in adapter.get_proposals()} == {
        "MX123",
        "MB7",
    }


def test_it_finds_the_sessions_of_a_proposal_on_its_beamline(add, adapter):
    add(visit(1, TODAY - 30 * DAY, TODAY - 29 * DAY), visit(2, TODAY, TODAY + DAY))
    add(visit(3, TODAY, TODAY + DAY, beamline="i04"))
    found = adapter.get_sessions_by_code_and_number("MX", "123", "i03").sessions
    assert {session.session_id for session in found} == {"101", "102"}
    by_id = {session.session_id: session for session in found}
    assert (by_id["102"].code, by_id["102"].number) == ("mx", "123")
    assert by_id["102"].start_datetime == TODAY
    assert by_id["102"].is_scheduled_time and not by_id["101"].is_scheduled_time


def test_it_takes_the_sessions_of_today(add, adapter, stored):
    """One began yesterday; others are past, to come, or on another beamline."""
    add(visit(1, TODAY - DAY, TODAY + 2 * DAY))
    add(visit(2, TODAY - 2 * DAY, TODAY - DAY), visit(3, TODAY + 2 * DAY, TODAY + 3 * DAY))
    add(visit(4, TODAY, TODAY + DAY, beamline="i04"))
    add(visit(5, TODAY, TODAY + DAY, proposal=11), visit(6, TODAY, TODAY + DAY, proposal=12))
    found = adapter.get_sessions_by_username("alice").sessions
    assert {session.session_id for session in found} == {"101", "105"}
    assert all(session.is_scheduled_time for session in found)
    assert len(stored(BLSession)) == 6


def test_it_makes_a_session_where_there_is_none_and_only_one(add, mxcube, sign_in, stored):
    add(visit(4, TODAY - 9 * DAY, TODAY - 8 * DAY))
    logins = [
        {
            session.proposal_id: session
            for session in mxcube.Adapter(sign_in(login), "i03")
            .get_sessions_by_username(login)
            .sessions
        }
        for login in ("alice", "alice", "bob")
    ]
    first, second, other = logins
    rows = {row.sessionId: row for row in stored(BLSession)}
    assert len(rows) == 4  # the old one, and one for each of mx123, MB7 and bob's mx9
    assert first.keys() == {"10", "11"} and other.keys() == {"11", "12"}
    assert [s.session_id for s in first.values()] == [s.session_id for s in second.values()]
    assert other["11"].session_id == first["11"].session_id  # it is of the proposal, not hers
    made = rows[int(first["10"].session_id)]
    assert (made.proposalId, made.visit_number, made.beamLineName) == (10, 5, "i03")
    assert made.startDate == TODAY  # the digits that the client calls UTC
    assert made.endDate == TODAY + timedelta(days=2, hours=7, minutes=59, seconds=59)
    assert (made.comments, made.nbShifts) == ("Session created by the BCM", 7)
    assert (first["10"].code, first["10"].number) == ("mx", "123")
    assert first["10"].is_scheduled_time


def test_it_reads_a_session_again(add, adapter):
    add(visit(1, TODAY, TODAY + DAY), visit(2, TODAY, TODAY + DAY, proposal=12))
    assert adapter.get_session(101)["proposal"] == "mx123"
    assert not adapter.get_session(102)  # hidden: logged by the client, and nothing


# ------------------------------------------------------------------ tokens that end


def test_it_refreshes_a_token_before_it_expires(mxcube, sign_in, site, engine, stored):
    """With a minute to live the client, which wants 60 seconds in hand, refreshes every time."""
    tokens = {**site["tokens"], "access_minutes": 1}
    with serve({**site, "tokens": tokens}) as url:
        adapter = mxcube.Adapter(sign_in(url=url), "i03")
        for _ in range(3):
            before = adapter.client._access_token
            assert len(adapter.get_proposals()) == 2
            assert adapter.client._access_token != before
    assert len(stored(RefreshToken)) == 4 and len({r.family for r in stored(RefreshToken)}) == 1


def test_it_refreshes_a_token_that_is_refused(sign_in, token):
    """The refresh goes out with the expired token in its header, which may not matter."""
    client = sign_in()
    expired = token("alice", 1, iat=int(time()) - 900, exp=int(time()) - 600)
    client._set_authorization_header(expired)
    assert client.get("user/current")["familyName"] == "Moreau"
    assert client._access_token != expired


def test_it_is_signed_out_when_the_refresh_is_refused(mxcube, sign_in, token):
    client = sign_in()
    client._refresh_token = "stolen"
    client._set_authorization_header(token("alice", 1, exp=int(time()) - 600))
    with pytest.raises(mxcube.Expired):
        client.get("user/current")
