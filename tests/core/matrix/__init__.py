"""The routes of core, a file per subject; and how tests/test_writes.py fills their bodies."""

from tests.bodies import LEFT_OUT


def three_shells(rows):
    """A scaling has three rows of statistics, one of each type."""
    kinds = ("overall", "innerShell", "outerShell")
    return [{**rows[0], "scalingStatisticsType": kind} for kind in kinds]


# The values of fields, by name or path, that take no value made from their name.
ODD = {
    **dict.fromkeys(("beamLineName", "beamlineName", "beamline_name"), "i03"),
    **dict.fromkeys(("scanParameters", "strategyOption"), '{"axis": "omega"}'),
    **dict.fromkeys(("extra", "Dewar.extra"), '{"tools": "Yes"}'),
    "location": "3",
    "parentContainerId": None,  # a container is not in itself
    "safetyLevel": lambda made: "Green" if made.startswith("safety") else made,
    **dict.fromkeys(("processingStatus", "phasingStatus"), 1),
    "autoProc.scalings.statistics": three_shells,
    "furtherAutoProcs.scalings.statistics": three_shells,
    "collection_id": LEFT_OUT,
    **dict.fromkeys(("processingPipelineId", "priorityPipelineId"), 6),
    "spaceGroupId": None,  # a new database has no space groups
}
# The links to rows that belong to nobody: everybody may name them.
FREE = {
    *("beamCalendarId", "beamLineSetupId", "beamlineSetupId", "detectorId", "detector_id"),
    *("experimentTypeId", "laboratoryId", "motorPositionId", "processingPipelineId"),
    "priorityPipelineId",
    *("icatId", "positionId", "spaceGroupId", "containerTypeId", "imagerId", "requestedImagerId"),
}
HIDDEN = {"personId": 6, "ownerId": 6}  # the key of a hidden row, where it is not 2
NO_COLUMN = {"pipeline", "fileName", "fileLocation", "warnings"}  # fields stored in no column
