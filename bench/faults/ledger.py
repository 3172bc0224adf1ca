"""The comparison of the answers to clients with the rows in the database."""

from collections import Counter
from typing import NamedTuple

from bench.faults.environment import Database
from bench.faults.load import COLLECTIONS, COUNTERS, SHELLS, Try

ROWS = {
    "group": """
        SELECT g.comments, COUNT(DISTINCT g.dataCollectionGroupId), COUNT(d.dataCollectionId)
             + COUNT(d.positionId)
        FROM DataCollectionGroup g LEFT JOIN DataCollection d USING (dataCollectionGroupId)
        WHERE g.comments LIKE '{0}-%' GROUP BY g.comments""",
    "robot": """
        SELECT message, COUNT(*), COUNT(*) FROM RobotAction
        WHERE message LIKE '{0}-%' GROUP BY message""",
    "message": """
        SELECT message, COUNT(*), COUNT(*) FROM AutoProcProgramMessage
        WHERE message LIKE '{0}-%' GROUP BY message""",
    "result": """
        SELECT p.processingCommandLine, COUNT(DISTINCT p.autoProcProgramId),
               COUNT(DISTINCT t.autoProcScalingStatisticsId)
             + COUNT(DISTINCT h.autoProcScaling_has_IntId)
        FROM AutoProcProgram p LEFT JOIN AutoProc a USING (autoProcProgramId)
        LEFT JOIN AutoProcScaling s USING (autoProcId)
        LEFT JOIN AutoProcScalingStatistics t USING (autoProcScalingId)
        LEFT JOIN AutoProcScaling_has_Int h USING (autoProcScalingId)
        WHERE p.processingCommandLine LIKE '{0}-%' GROUP BY p.processingCommandLine""",
}  # the marker of each row, the number of rows with it, and of their parts
PARTS = {"group": 2 * COLLECTIONS, "robot": 1, "message": 1, "result": len(SHELLS) + 1}
AUDIT = "SELECT requestId FROM ispyb_services.Activity WHERE action = '{0}' AND status < 300"


class Verdict(NamedTuple):
    """The markers of rows that differ from the answers; empty if there are none."""

    lost: list[str]
    """The site answered success, and the row is absent."""
    doubled: list[str]
    torn: list[str]
    """Parts are missing, or the audit trail and the rows differ."""
    unwanted: list[str]
    """Every answer was an error, and the row is stored."""


def counters(database: Database) -> dict[int, int]:
    """The numbers that clients increment, by their data collection."""
    keys = ", ".join(map(str, COUNTERS))
    stored = "SELECT dataCollectionId, numberOfImages FROM DataCollection WHERE dataCollectionId"
    return {key: number for key, number in database.execute(f"{stored} IN ({keys})")}


def compare(
    database: Database, prefix: str, tries: list[Try], before: dict[int, int], audited: bool
) -> Verdict:
    """Compare ``tries`` with the rows; ``audited``: the audit trail was available throughout."""
    verdict = Verdict([], [], [], [])
    posts = {request_id for (request_id,) in database.execute(AUDIT.format("POST"))}
    patches = {request_id for (request_id,) in database.execute(AUDIT.format("PATCH"))}
    for work, statement in ROWS.items():
        stored = {
            marker: (rows, parts)
            for marker, rows, parts in database.execute(statement.format(prefix))
        }
        by_marker: dict[str, list[Try]] = {}
        for each in tries:
            if each.work == work:
                by_marker.setdefault(each.marker, []).append(each)
        for marker, sent in by_marker.items():
            rows, parts = stored.get(marker, (0, 0))
            noted = any(each.request_id in posts for each in sent)
            if not rows and any(each.done for each in sent):
                verdict.lost.append(marker)
            if rows > 1:
                verdict.doubled.append(marker)
            if rows and parts != rows * PARTS[work] or audited and noted != bool(rows):
                verdict.torn.append(marker)
            if rows and all(each.status is not None and not each.done for each in sent):
                verdict.unwanted.append(marker)
        verdict.torn.extend(stored.keys() - by_marker.keys())
    _compare_counters(database, tries, before, patches, audited, verdict)
    return verdict


def _compare_counters(database, tries, before, patches, audited, verdict) -> None:
    """Each success adds one; the audit trail has those whose answer was lost."""
    sure, perhaps = Counter[int](), Counter[int]()
    for each in tries:
        if each.work == "counter":
            sure[int(each.marker)] += each.done or audited and each.request_id in patches
            perhaps[int(each.marker)] += each.status is None
    for key, number in counters(database).items():
        risen = number - before[key]
        if risen < sure[key]:
            verdict.lost.append(f"counter {key}")
        elif risen > sure[key] + (0 if audited else perhaps[key]):
            verdict.doubled.append(f"counter {key}")
