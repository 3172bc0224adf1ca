"""Data collections of samples, and results of them, for the tests of lineage."""

from datetime import datetime

from services.core.models import EnergyScan, RobotAction
from shared.models import (
    BLSample,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
)
from tests.core.processing_rows import PIPELINE, RESULTS, document

R_MERGES = {(121,): 0.125, (122,): 0.0625, (121, 231): 0.03125}  # of results, by collections


def build_result(collections, r_merge):
    """A result on some data collections."""
    body = document()
    body["program"]["processingPrograms"] = f"program of {collections}"
    (scaling,) = body["autoProc"]["scalings"]
    for shell in scaling["statistics"]:
        shell |= {"rMerge": r_merge, "completeness": 99.0}
    (integration,) = scaling["integrations"]
    scaling["integrations"] = [{**integration, "dataCollectionId": key} for key in collections]
    return body


def measure(add, as_):
    """Measure sample 1 of mx1 in group 12 of mx1, and in group 23 of mx2, whose data hang on it.

    Sample 9 is in container 1 too, and belongs to mx2. The keys of the programs are returned.
    """
    add(BLSample(blSampleId=9, name="thau-x9", crystalId=2, containerId=1, location="9"))
    for group, session, sample in ((12, 11, 1), (23, 21, 1), (24, 21, 9)):
        add(DataCollectionGroup(dataCollectionGroupId=group, sessionId=session, blSampleId=sample))
        for number in (1, 2) if group == 12 else (1,):
            add(
                DataCollection(
                    dataCollectionId=10 * group + number,
                    dataCollectionGroupId=group,
                    dataCollectionNumber=number,
                    imagePrefix="lys",
                    startTime=datetime(2024, 5, group, number),
                    numberOfImages=100,
                    resolution=1.5,
                )
            )
    add(
        DataCollectionFileAttachment(
            dataCollectionFileAttachmentId=1, dataCollectionId=121, fileFullPath="/data/a.log"
        ),
        RobotAction(robotActionId=1, sessionId=11, blSampleId=1, actionType="LOAD"),
        EnergyScan(energyScanId=1, sessionId=21, blSampleId=1),
    )
    client, programs = as_(*PIPELINE, service=True), {}
    for collections, r_merge in R_MERGES.items():
        answer = client.post(RESULTS, json=build_result(collections, r_merge))
        assert answer.status_code == 201, answer.text
        programs[collections] = answer.json["program"]["autoProcProgramId"]
    return programs
