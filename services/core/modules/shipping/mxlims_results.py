"""Data collections and results of processing as objects of MXLIMS messages."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Row, select

from services.core.modules.shipping.mxlims_plans import build_experiment, build_sweep
from services.core.modules.shipping.mxlims_processing import Sweeps, add_processing
from services.core.modules.shipping.mxlims_writer import (
    MessageWriter,
    get_positive,
    is_positive,
    make_link,
    write_moment,
)
from shared import access
from shared.db import db
from shared.identity import Identity
from shared.models import (
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Detector,
)

ELECTRONVOLTS = 12398.4198  # times Å: the energy of photons from their wavelength
FAILURES, ABORTS = ("unsuccess", "fail", "error"), ("abort", "stop", "cancel")  # in runStatus
AXES = {
    "omega": "omegaStart",
    "kappa": "kappaStart",
    "phi": "phiStart",
    "chi": "chiStart",
    "detector_distance": "detectorDistance",
}
AXES_OF_PIXELS = ("Horizontal", "Vertical")


def add_results(identity: Identity, writer: MessageWriter) -> None:
    """Add what was measured of the samples in a message, as far as the caller sees it."""
    _add_plans(writer)
    rule = access.collections(identity)
    statement = (
        select(DataCollection, DataCollectionGroup, BLSession.beamLineName, Detector)
        .join(DataCollection.group)
        .join(BLSession, BLSession.sessionId == DataCollectionGroup.sessionId)
        .outerjoin(Detector, Detector.detectorId == DataCollection.detectorId)
        .where(DataCollectionGroup.blSampleId.in_([*writer.holders]), rule.condition)
        .order_by(DataCollection.dataCollectionId)
    )
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in db.session.execute(statement, rule.values):
        groups[row[1].dataCollectionGroupId].append(row)
    sweeps: Sweeps = {}
    for rows in groups.values():
        sweeps |= _add_experiment(writer, rows)
    add_processing(identity, writer, sweeps)


def _add_plans(writer: MessageWriter) -> None:
    """Add the diffraction plans that no message had, as templates."""
    for sample_id, plan in writer.plans.items():
        links = writer.get_links(sample_id)
        members = {"jobStatus": "Template", **build_experiment(plan), **links}
        key = f"{plan['diffractionPlanId']}:{sample_id}"
        if sweep := build_sweep(plan):
            place = {"logisticalSampleRef": links["logisticalSampleRef"], "scanAxis": "omega"}
            uuid = writer.add("CollectionSweep", "PlannedSweep", key, {**place, **sweep})
            members["templateDataRefs"] = [make_link(uuid)]
        writer.add("MxExperiment", "DiffractionPlan", key, members)


def _add_experiment(writer: MessageWriter, rows: list[Row]) -> Sweeps:
    """Add a group of data collections; return its sweeps."""
    group, beamline = rows[0][1:3]
    collections, links = [row[0] for row in rows], writer.get_links(group.blSampleId)
    doses = [each.totalAbsorbedDose for each in collections if is_positive(each.totalAbsorbedDose)]
    fluxes = [each.flux for each in collections if is_positive(each.flux)]
    members = {
        "experimentStrategy": group.experimentType,
        "experimentLocation": beamline,
        "startTime": write_moment(group.startTime or collections[0].startTime),
        "endTime": write_moment(group.endTime or collections[-1].endTime),
        "jobStatus": _get_status([each.runStatus or "" for each in collections]),
        "measuredFlux": next(iter(fluxes), None),
        "radiationDose": sum(doses) or None,
        **links,
    }
    key = group.dataCollectionGroupId
    experiment = writer.add("MxExperiment", "DataCollectionGroup", key, members)
    sweeps: Sweeps = {}
    for ordinal, (collection, _, _, detector) in enumerate(rows):
        sweep = _build_sweep(collection, detector, ordinal)
        is_first_look = "haracteri" in f"{group.experimentType}"
        sweep["role"] = "Characterisation" if is_first_look else "Result"
        sweep["sourceRef"] = make_link(experiment)
        sweep["logisticalSampleRef"] = make_link(_find_place(writer, collection, group.blSampleId))
        key = collection.dataCollectionId
        uuid = writer.add("CollectionSweep", "DataCollection", key, sweep)
        sweeps[key] = uuid, collection, group.blSampleId
    return sweeps


def _find_place(writer: MessageWriter, collection: DataCollection, sample_id: int) -> str:
    """The uuid of the region or crystal of a data collection, else of the pin or drop."""
    for kind in ("Crystal", "DropRegion"):
        sent = writer.by_row.get((kind, "BLSubSample", collection.blSubSampleId))
        if sent and sent.uuid in writer.objects:
            return sent.uuid
    return writer.holders[sample_id][0]


def _build_sweep(row: Any, detector: Any, ordinal: int) -> dict:
    """The members of a sweep that a data collection has, as one scan."""
    axes = {axis: getattr(row, column) for axis, column in AXES.items()}
    size = [row.beamSizeAtSampleX, row.beamSizeAtSampleY]
    transmission = get_positive(row.transmission)
    sweep: dict[str, Any] = {
        "scanAxis": (row.rotationAxis or "omega").lower(),
        "exposureTime": get_positive(row.exposureTime),
        "imageWidth": get_positive(row.axisRange),
        "numberImages": get_positive(row.numberOfImages),
        "energy": ELECTRONVOLTS / row.wavelength if is_positive(row.wavelength) else None,
        "transmission": transmission if (transmission or 0) <= 100 else None,
        "resolution": get_positive(row.resolution),
        "beamShape": row.beamShape,
        "beamSize": size if all(map(is_positive, size)) else None,
        "axisPositionsStart": {axis: value for axis, value in axes.items() if value is not None},
        "fileType": row.imageSuffix,
        "prefix": row.imagePrefix,
        "filenameTemplate": row.fileTemplate,
        "path": row.imageDirectory,
    }
    if row.overlap is not None and row.axisRange:
        sweep["overlap"] = row.overlap / row.axisRange
    beam = [row.xBeam, row.yBeam]
    pixel = [getattr(detector, f"detectorPixelSize{axis}", None) for axis in AXES_OF_PIXELS]
    if all(map(is_positive, pixel)) and None not in beam:
        sweep["beamPosition"] = [place / size for place, size in zip(beam, pixel)]
    if sweep["numberImages"] and None not in (row.axisStart, row.startImageNumber):
        sweep["scans"] = [
            {
                "scanPositionStart": row.axisStart,
                "firstImageNumber": row.startImageNumber,
                "numberImages": row.numberOfImages,
                "ordinal": ordinal,
            }
        ]
    return sweep


def _get_status(statuses: list[str]) -> str:
    """The status of a job by those of its data collections, which beamlines word freely."""
    for words, status in ((FAILURES, "Failed"), (ABORTS, "Aborted")):
        if any(word in each.lower() for each in statuses for word in words):
            return status
    return "Completed"
