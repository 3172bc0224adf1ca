"""The SQL that fills a facility: expressions of a number, and the plan of sessions."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from bench.facility.sizes import BEAMLINES, SMALL_BEAMLINE, Size, count_groups, count_others

BEGIN, END = (int(datetime(year, 11, 1, tzinfo=UTC).timestamp()) for year in (2016, 2026))
HOUR, DAY = 3600, 86_400
PLAN = "bench_plan"  # a temporary table: the events of each session, and their first keys
KINDS = ("groups_", "screenings", "actions", "scans", "spectra")
EXPERIMENTS = ("OSC", "OSC", "OSC", "SAD", "Mesh", "Helical", "Characterization", "MAD")
STATES = (*["DataCollection Successful"] * 8, "DataCollection Failed", "Aborted by user")
PROGRAMS = ("xia2 dials", "autoPROC", "fast_dp", "XDSAPP", "DIMPLE")
SPACE_GROUPS = ("P212121", "C2", "P43212", "P21")
SHELLS = ("overall", "innerShell", "outerShell")
DIRECTORY = "'/data/', s.beamLineName, '/mx', s.proposalId, '/', s.sessionId"
PLANNED = f"JOIN {PLAN} s ON s.sessionId = "


Values = dict[str, str | int | float]  # SQL by column


class Load(NamedTuple):
    """The rows of a table: an expression for each column, of ``n.seq`` from 1 to ``last``."""

    table: str
    last: int
    values: Values
    source: str = ""  # the tables that are joined to the numbers; {m} are numbers from 0 to m
    where: str = ""


def plan_sessions(size: Size) -> str:
    """The SELECT for the table of the sessions and their events."""
    numbers = {
        "groups_": "7 + n.seq % 2",
        "screenings": "n.seq % 2",
        "actions": "3",
        "scans": "CASE n.seq % 4 WHEN 0 THEN 1 ELSE 0 END",
        "spectra": "CASE n.seq % 5 WHEN 0 THEN 1 ELSE 0 END",
    }
    for session, events in size.event_sessions.items():
        for kind, number in zip(KINDS, (count_groups(events), *count_others(events))):
            numbers[kind] = f"CASE n.seq WHEN {session} THEN {number} ELSE {numbers[kind]} END"
    small = max(1, size.sessions // size.small)
    beamline = pick(BEAMLINES, f"n.seq * 5 + FLOOR((n.seq - 1) / {size.proposals}) * 3")
    columns = {
        "sessionId": "n.seq",
        "proposalId": f"(n.seq - 1) % {size.proposals} + 1",
        "visit": f"FLOOR((n.seq - 1) / {size.proposals}) + 1",
        "beamLineName": f"CASE n.seq % {small} WHEN {7 % small} THEN '{SMALL_BEAMLINE}'"
        f" ELSE {beamline} END",
        "start": f"{BEGIN} + FLOOR((n.seq - 1) * {END - BEGIN} / {size.sessions})",
        **numbers,
        **{
            f"first_{kind}": f"SUM({number}) OVER (ORDER BY n.seq) - {number}"
            for kind, number in numbers.items()
        },
    }
    return ", ".join(f"{value} AS {name}" for name, value in columns.items())


def pick(names: Iterable[str], number: str) -> str:
    """One of ``names`` by an expression of a number."""
    cases = " ".join(f"WHEN {place} THEN '{name}'" for place, name in enumerate(names))
    return f"CASE ({number}) % {len([*names])} {cases} END"


def build_time(seconds: str) -> str:
    return f"FROM_UNIXTIME({seconds})"


def build_sample(session: str, number: str) -> str:
    """The key of one of the twenty samples of the session's proposal, by a number."""
    return f"({session}.proposalId - 1) * 20 + ({number}) % 20 + 1"
