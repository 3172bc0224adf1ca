"""The paths of the files that rows name, for callers who see the rows.

A path is None if the row is hidden or absent, or has no such file: the answer is the same.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, or_, select

from services.core.models import (
    AutoProc,
    AutoProcScaling,
    EnergyScan,
    Image,
    MXMRRun,
    MXMRRunBlob,
    PhasingProgramAttachment,
    PhasingStep,
    RobotAction,
    XFEFluorescenceSpectrum,
)
from services.core.modules.processing import programs
from shared import access, visibility
from shared.access import Rule
from shared.db import db
from shared.files import Archive
from shared.identity import Identity
from shared.models import (
    AutoProcProgramAttachment,
    BLSampleImage,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
)


class FileRows(NamedTuple):
    """Rows with files: their key, their rule, and the columns of paths by the kind of the file."""

    key: Any
    visible: Callable[[Identity], Rule]
    paths: dict[str, Any]


COLLECTION = FileRows(
    DataCollection.dataCollectionId,
    access.collections,
    {
        "1": DataCollection.xtalSnapshotFullPath1,
        "2": DataCollection.xtalSnapshotFullPath2,
        "3": DataCollection.xtalSnapshotFullPath3,
        "4": DataCollection.xtalSnapshotFullPath4,
    },
)
GROUP = FileRows(
    DataCollectionGroup.dataCollectionGroupId,
    access.groups,
    {"snapshot": DataCollectionGroup.xtalSnapshotFullPath},
)
ATTACHMENT = FileRows(
    DataCollectionFileAttachment.dataCollectionFileAttachmentId,
    lambda identity: access.collections(identity, DataCollectionFileAttachment.dataCollectionId),
    {"file": DataCollectionFileAttachment.fileFullPath},
)
ROBOT_ACTION = FileRows(
    RobotAction.robotActionId,
    lambda identity: visibility.rule(identity, RobotAction),
    {"before": RobotAction.xtalSnapshotBefore, "after": RobotAction.xtalSnapshotAfter},
)
ENERGY_SCAN = FileRows(
    EnergyScan.energyScanId,
    lambda identity: visibility.rule(identity, EnergyScan),
    {
        "scan": EnergyScan.scanFileFullPath,
        "chooch": EnergyScan.choochFileFullPath,
        "plot": EnergyScan.jpegChoochFileFullPath,
    },
)
XRF_SPECTRUM = FileRows(
    XFEFluorescenceSpectrum.xfeFluorescenceSpectrumId,
    lambda identity: visibility.rule(identity, XFEFluorescenceSpectrum),
    {
        "scan": XFEFluorescenceSpectrum.scanFileFullPath,
        "plot": XFEFluorescenceSpectrum.jpegScanFileFullPath,
        "annotated": XFEFluorescenceSpectrum.annotatedPymcaXfeSpectrum,
        "fitted": XFEFluorescenceSpectrum.fittedDataFileFullPath,
    },
)
SAMPLE_IMAGE = FileRows(
    BLSampleImage.blSampleImageId,
    lambda identity: access.samples(identity, BLSampleImage.blSampleId),
    {"file": BLSampleImage.imageFullPath},
)
VIEWS = {"1": MXMRRunBlob.view1, "2": MXMRRunBlob.view2, "3": MXMRRunBlob.view3}
IMAGES = {"jpeg": Image.jpegFileFullPath, "thumbnail": Image.jpegThumbnailFileFullPath}


def get_path(identity: Identity, rows: FileRows, key: int, which: str) -> str | None:
    """The path of one file of a visible row."""
    if which not in rows.paths:
        return None
    rule = rows.visible(identity)
    stmt = select(rows.paths[which]).where(rows.key == bindparam("key"), rule.condition)
    return db.session.scalar(stmt, {**rule.values, "key": key})


def get_image_path(identity: Identity, collection_id: int, number: int, which: str) -> str | None:
    """The path of a picture of one image of a visible data collection: of two rows, the newest."""
    if which not in IMAGES:
        return None
    rule = access.collections(identity, Image.dataCollectionId)
    stmt = select(IMAGES[which]).where(
        Image.dataCollectionId == bindparam("collection"),
        Image.imageNumber == bindparam("number"),
        rule.condition,
    )
    values = {**rule.values, "collection": collection_id, "number": number}
    return db.session.scalar(stmt.order_by(Image.imageId.desc()).limit(1), values)


def get_collection_archive(identity: Identity, collection_id: int) -> Archive:
    """All attachments of a visible data collection."""
    rule, key = ATTACHMENT.visible(identity), DataCollectionFileAttachment.dataCollectionId
    stmt = select(ATTACHMENT.paths["file"]).where(key == bindparam("key"), rule.condition)
    attached = db.session.scalars(stmt, {**rule.values, "key": collection_id})
    return Archive(f"data_collection_{collection_id}.zip", attached.all())


def get_result_path(identity: Identity, attachment_id: int) -> str | None:
    """The path of a file that a visible program wrote."""
    key = AutoProcProgramAttachment.autoProcProgramAttachmentId
    return next(iter(_list_attachment_paths(identity, key, attachment_id)), None)


def get_program_archive(identity: Identity, program_id: int) -> Archive:
    """All files that a visible program wrote, without deleted ones."""
    written = _list_attachment_paths(
        identity, AutoProcProgramAttachment.autoProcProgramId, program_id
    )
    return Archive(f"program_{program_id}.zip", written)


def get_blob_path(identity: Identity, blob_id: int, which: str) -> str | None:
    """The path of a picture of a blob in density."""
    if which not in VIEWS:
        return None
    run = MXMRRun
    owner = programs.visible(identity, run.autoProcProgramId).condition
    stmt = select(MXMRRunBlob.filePath, VIEWS[which]).join(
        run, run.mxMRRunId == MXMRRunBlob.mxMRRunId
    )
    stmt = stmt.where(
        MXMRRunBlob.mxMRRunBlobId == bindparam("key"), or_(run.autoProcProgramId.is_(None), owner)
    )
    return _get_path_by_scaling(identity, stmt, run.autoProcScalingId, blob_id)


def get_phasing_path(identity: Identity, attachment_id: int) -> str | None:
    """The path of a file that a phasing program wrote."""
    file, step = PhasingProgramAttachment, PhasingStep
    stmt = select(file.filePath, file.fileName).join(
        step, step.programRunId == file.phasingProgramRunId
    )
    stmt = stmt.where(file.phasingProgramAttachmentId == bindparam("key"))
    return _get_path_by_scaling(identity, stmt, step.autoProcScalingId, attachment_id)


def _get_path_by_scaling(identity: Identity, stmt: Select, column: Any, key: int) -> str | None:
    """The path whose folder and name ``stmt`` selects; None if one of its scalings is hidden."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    stmt = stmt.join(AutoProcScaling, AutoProcScaling.autoProcScalingId == column)
    stmt = stmt.join(AutoProc, AutoProc.autoProcId == AutoProcScaling.autoProcId)
    rows = db.session.execute(
        stmt.add_columns(rule.condition.label("seen")), {**rule.values, "key": key}
    ).all()
    if not rows or not all(row.seen for row in rows):
        return None
    folder, name, _ = rows[0]
    return f"{folder}/{name}" if folder and name else None


def _list_attachment_paths(identity: Identity, column: Any, value: int) -> list[str]:
    """The paths of attachments of visible programs where ``column`` has ``value``."""
    attachment = AutoProcProgramAttachment
    rule = programs.visible(identity, attachment.autoProcProgramId)
    stmt = select(attachment.filePath, attachment.fileName).where(
        column == bindparam("value"), attachment.deleted.is_not(True), rule.condition
    )
    rows = db.session.execute(stmt, {**rule.values, "value": value})
    return [f"{folder}/{name}" for folder, name in rows if folder and name]
