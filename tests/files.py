"""Rows that name files, for tests of who may fetch them."""

from services.core.models import (
    AutoProc,
    AutoProcScaling,
    EnergyScan,
    Image,
    MXMRRun,
    MXMRRunBlob,
    PhasingProgramAttachment,
    PhasingProgramRun,
    PhasingStep,
    RobotAction,
    XFEFluorescenceSpectrum,
)
from shared import models

PATHS = {
    "get /autoproc/mr_blobs/{blob_id}/views/{number}": {"blob_id": 7, "number": "1"},
    "get /autoproc/phasing/attachments/{attachment_id}/file": {"attachment_id": 7},
    "get /autoproc/programs/attachments/{attachment_id}/file": {"attachment_id": 7},
    "get /autoproc/programs/{program_id}/attachments/download": {"program_id": 7},
    "get /beamline/robot_actions/{robot_action_id}/snapshots/{when}": {
        "robot_action_id": 7,
        "when": "before",
    },
    "get /data_collections/attachments/{attachment_id}/file": {"attachment_id": 7},
    "get /data_collections/groups/{data_collection_group_id}/snapshot": {
        "data_collection_group_id": 7
    },
    "get /data_collections/{data_collection_id}/attachments/download": {"data_collection_id": 7},
    "get /data_collections/{data_collection_id}/images/{image_number}/{kind}": {
        "data_collection_id": 7,
        "image_number": 1,
        "kind": "jpeg",
    },
    "get /data_collections/{data_collection_id}/snapshots/{number}": {"data_collection_id": 7},
    "get /energy_scans/{energy_scan_id}/files/{kind}": {"energy_scan_id": 7, "kind": "scan"},
    "get /xrf_spectra/{xrf_spectrum_id}/files/{kind}": {"xrf_spectrum_id": 7, "kind": "scan"},
}  # the operations that fetch files, and what to put into their paths


def rows(folder, session_id):
    """Rows 7 of a session, with a file of ``folder`` in each column that names one."""
    path = folder / "a.jpeg"
    path.write_bytes(b"jpeg")
    file, of_it = str(path), {"dataCollectionId": 7}
    return [
        models.DataCollectionGroup(
            dataCollectionGroupId=7, sessionId=session_id, xtalSnapshotFullPath=file
        ),
        models.DataCollection(**of_it, dataCollectionGroupId=7, xtalSnapshotFullPath1=file),
        models.DataCollectionFileAttachment(
            **of_it, dataCollectionFileAttachmentId=7, fileFullPath=file
        ),
        Image(imageId=7, **of_it, imageNumber=1, jpegFileFullPath=file),
        RobotAction(robotActionId=7, blsessionId=session_id, xtalSnapshotBefore=file),
        EnergyScan(energyScanId=7, sessionId=session_id, scanFileFullPath=file),
        XFEFluorescenceSpectrum(
            xfeFluorescenceSpectrumId=7, sessionId=session_id, scanFileFullPath=file
        ),
        models.ProcessingJob(processingJobId=7, **of_it),
        models.AutoProcProgram(autoProcProgramId=7, processingJobId=7),
        models.AutoProcProgramAttachment(
            autoProcProgramAttachmentId=7,
            autoProcProgramId=7,
            filePath=str(folder),
            fileName=path.name,
        ),
        AutoProc(autoProcId=7, autoProcProgramId=7),
        AutoProcScaling(autoProcScalingId=7, autoProcId=7),
        MXMRRun(mxMRRunId=7, autoProcScalingId=7, autoProcProgramId=7),
        MXMRRunBlob(mxMRRunBlobId=7, mxMRRunId=7, filePath=str(folder), view1=path.name),
        PhasingProgramRun(phasingProgramRunId=7),
        PhasingStep(phasingStepId=7, programRunId=7, autoProcScalingId=7),
        PhasingProgramAttachment(
            phasingProgramAttachmentId=7,
            phasingProgramRunId=7,
            filePath=str(folder),
            fileName=path.name,
        ),
    ]
