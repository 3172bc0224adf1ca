"""Commands about results: symmetry, scalings, integrations, and the quality of images."""

from typing import Any

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)
from services.core.modules.processing import image_quality, result_rows
from services.core.modules.processing.programs import now
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    autoproc,
    check,
    collection,
    loaded,
    program,
    scaling,
)
from services.core.modules.zocalo.program_commands import WRITER
from services.core.schemas.processing import results as schemas
from services.core.schemas.processing.image_quality import ImageQualityRowSchema
from shared import visibility
from shared.db import db, save
from shared.errors import BadInput
from shared.identity import Identity

STATISTICS = {
    "anom": "anomalous",
    "anomcompleteness": "anomalousCompleteness",
    "anommultiplicity": "anomalousMultiplicity",
    "ccanom": "ccAnomalous",
    "fractpartialbias": "fractionalPartialBias",
    "meanisigi": "meanIOverSigI",
    "ntotobs": "nTotalObservations",
    "ntotuniqueobs": "nTotalUniqueObservations",
    "resisigi2": "resIOverSigI2",
    "reslimhigh": "resolutionLimitHigh",
    "reslimlow": "resolutionLimitLow",
}
INTEGRATION = {
    "dcid": "dataCollectionId",
    "startimageno": "startImageNumber",
    "endimageno": "endImageNumber",
    "refineddetectordist": "refinedDetectorDistance",
    "anom": "anomalous",
    **{f"rotaxis{axis.lower()}": f"rotationAxis{axis}" for axis in "XYZ"},
    **{f"beamvec{axis.lower()}": f"beamVector{axis}" for axis in "XYZ"},
}
QUALITY = {
    "filepatternindex": "imageNumber",
    "filenumber": "imageNumber",
    "nspotstotal": "spotTotal",
    "nspotsnoice": "goodBraggCandidates",
    "totalintensity": "totalIntegratedSignal",
    "estimateddmin": "method1Res",
}


def write_autoproc(identity: Identity, said: CommandParameters) -> int:
    """Write a result of a program, or over one: what is not said stays."""
    identity.need(WRITER)
    data = loaded(schemas.AutoProcSchema(exclude=("autoProcProgramId", "scalings")), said)
    if (key := said.key("autoproc_id")) is not None:
        row = autoproc(identity, key)
        if said.key("program_id") is not None:
            data["autoProcProgramId"] = program(identity, said)
    else:
        row = AutoProc(recordTimeStamp=now())
        data["autoProcProgramId"] = program(identity, said)
    return save(row, data).autoProcId


def insert_scaling(identity: Identity, said: CommandParameters) -> int:
    """Add a scaling with its three shells to a result."""
    identity.need(WRITER)
    key, shells = autoproc(identity, said.needed("autoproc_id")).autoProcId, []
    for shell in schemas.SHELLS:
        told = said.get(shell.lower())
        if not isinstance(told, dict):
            raise BadInput("invalid input", {shell: ["Missing data for required field."]})
        words = CommandParameters(told, {"scalingStatisticsType": shell})
        shells.append(loaded(schemas.ScalingStatisticsSchema(), words, **STATISTICS))
        said.warnings += [f"{shell}.{warning}" for warning in words.warnings]
    when = {"recordTimeStamp": now()}
    scaling_id = save(AutoProcScaling(), {**when, "autoProcId": key}).autoProcScalingId
    above = {**when, "autoProcScalingId": scaling_id}
    rows = [
        result_rows.fill_columns(schemas.ScalingStatisticsSchema, each, above) for each in shells
    ]
    result_rows.insert(AutoProcScalingStatistics, rows)
    return scaling_id


def upsert_integration(identity: Identity, said: CommandParameters) -> int:
    """Write an integration, or over one: what is not said stays. It goes into one scaling.

    It is of the program of that scaling, unless it or the command names one.
    """
    identity.need(WRITER)
    schema = schemas.IntegrationSchema(exclude=("autoProcProgramId", "Image"))
    data = loaded(schema, said, **INTEGRATION)
    if said.key("program_id") is not None:
        data["autoProcProgramId"] = program(identity, said)
    if said.key("dcid") is not None:
        collection(identity, said)
    scaling_id = said.key("scaling_id")
    owner = None if scaling_id is None else scaling(identity, scaling_id).autoProcProgramId
    if (key := said.key("integration_id")) is not None:
        row = _integration(identity, key)
    else:
        said.needed("dcid")
        if owner is not None:
            data.setdefault("autoProcProgramId", owner)
        row = _prepared(data) or AutoProcIntegration(recordTimeStamp=now())
    key = save(row, data).autoProcIntegrationId
    if scaling_id is not None:
        result_rows.delete_by(AutoProcScalingHasInt.autoProcIntegrationId, [key])
        link = {"autoProcScalingId": scaling_id, "autoProcIntegrationId": key}
        save(AutoProcScalingHasInt(), {**link, "recordTimeStamp": now()})
    return key


def store_per_image_analysis_results(identity: Identity, said: CommandParameters) -> int:
    """Note the quality of an image; its number is returned."""
    identity.need(WRITER)
    key = collection(identity, said)
    data = loaded(ImageQualityRowSchema(partial=True), said, **QUALITY)
    if "imageNumber" not in data:
        raise BadInput("invalid input", {"file-number": ["Missing data for required field."]})
    if "spotTotal" in data:
        data.setdefault("inResTotal", data["spotTotal"])
    columns: dict[str, Any] = {name: [value] for name, value in data.items()}
    image_quality.put(identity, key, columns)
    return data["imageNumber"]


def _integration(identity: Identity, key: int) -> AutoProcIntegration:
    rule = visibility.rule(identity, AutoProcIntegration)
    check("integration_id", AutoProcIntegration.autoProcIntegrationId, key, rule)
    return db.session.get_one(AutoProcIntegration, key)


def _prepared(data: dict) -> AutoProcIntegration | None:
    """The row that only links the same program to the same data collection, if it has one."""
    if "autoProcProgramId" not in data:
        return None
    of = AutoProcIntegration
    same = {name: data[name] for name in ("autoProcProgramId", "dataCollectionId")}
    wanted = db.select(of).filter_by(**same, cell_a=None, startImageNumber=None)
    return db.session.scalars(wanted.where(~of.links.any()).limit(1)).first()


COMMANDS = {
    "write_autoproc": write_autoproc,
    "insert_scaling": insert_scaling,
    "upsert_integration": upsert_integration,
    "register_integration": upsert_integration,
    "store_per_image_analysis_results": store_per_image_analysis_results,
}
