"""Commands about results: symmetry, scalings, integrations, and the quality of images."""

from typing import Any

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
)
from services.core.modules.processing import image_quality, result_rows
from services.core.modules.processing.programs import now
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    check_visible,
    get_collection_id,
    get_program_id,
    get_result,
    get_result_of_scaling,
    load_columns,
    load_part,
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
}
RESOLUTIONS = ("method1res", "method2res")  # the estimate stands for those that are absent


def write_autoproc(identity: Identity, parameters: CommandParameters) -> int:
    """Insert a result of a program, or change one; absent columns stay."""
    identity.need(WRITER)
    data = load_columns(
        schemas.AutoProcSchema(exclude=("autoProcProgramId", "scalings")), parameters
    )
    if (key := parameters.get_key("autoproc_id")) is not None:
        row = get_result(identity, key)
        if parameters.get_key("program_id") is not None:
            data["autoProcProgramId"] = get_program_id(identity, parameters)
    else:
        row = AutoProc(recordTimeStamp=now())
        data["autoProcProgramId"] = get_program_id(identity, parameters)
    return save(row, data).autoProcId


def insert_scaling(identity: Identity, parameters: CommandParameters) -> int:
    """Add a scaling with its three shells to a result."""
    identity.need(WRITER)
    key, shells = get_result(identity, parameters.require_key("autoproc_id")).autoProcId, []
    for shell in schemas.SHELLS:
        shell_values = parameters.get(shell.lower())
        if not isinstance(shell_values, dict):
            raise BadInput("invalid input", {shell: ["Missing data for required field."]})
        statistics = {**shell_values, "scalingStatisticsType": shell}
        schema, warnings = schemas.ScalingStatisticsSchema(), parameters.warnings
        shells.append(load_part(schema, statistics, shell, warnings, **STATISTICS))
    created = {"recordTimeStamp": now()}
    scaling_id = save(AutoProcScaling(), {**created, "autoProcId": key}).autoProcScalingId
    result_rows.write_shells([scaling_id], [{"statistics": shells}], created)
    return scaling_id


def upsert_integration(identity: Identity, parameters: CommandParameters) -> int:
    """Insert an integration, or change one; absent columns stay. It belongs to one scaling.

    By default its program is that of the scaling.
    """
    identity.need(WRITER)
    schema = schemas.IntegrationSchema(exclude=("autoProcProgramId", "Image"))
    data = load_columns(schema, parameters, **INTEGRATION)
    if parameters.get_key("program_id") is not None:
        data["autoProcProgramId"] = get_program_id(identity, parameters)
    if parameters.get_key("dcid") is not None:
        get_collection_id(identity, parameters)
    scaling_id = parameters.get_key("scaling_id")
    owner = (
        None
        if scaling_id is None
        else get_result_of_scaling(identity, scaling_id).autoProcProgramId
    )
    if (key := parameters.get_key("integration_id")) is not None:
        row = _get_integration(identity, key)
    else:
        parameters.require_key("dcid")
        if owner is not None:
            data.setdefault("autoProcProgramId", owner)
        row = _find_link(data) or AutoProcIntegration(recordTimeStamp=now())
    key = save(row, data).autoProcIntegrationId
    if scaling_id is not None:
        result_rows.delete_by(AutoProcScalingHasInt.autoProcIntegrationId, [key])
        link = {"autoProcScalingId": scaling_id, "autoProcIntegrationId": key}
        save(AutoProcScalingHasInt(), {**link, "recordTimeStamp": now()})
    return key


def store_per_image_analysis_results(identity: Identity, parameters: CommandParameters) -> int:
    """Store the quality of an image; return the number of the image."""
    identity.need(WRITER)
    key = get_collection_id(identity, parameters)
    for name in RESOLUTIONS:
        if parameters.get(name) is None:
            parameters[name] = parameters.get("estimateddmin")
    data = load_columns(ImageQualityRowSchema(partial=True), parameters, **QUALITY)
    if "imageNumber" not in data:
        raise BadInput("invalid input", {"file-number": ["Missing data for required field."]})
    if "spotTotal" in data:
        data.setdefault("inResTotal", data["spotTotal"])
    columns: dict[str, Any] = {name: [value] for name, value in data.items()}
    image_quality.put(identity, key, columns)
    return data["imageNumber"]


def _get_integration(identity: Identity, key: int) -> AutoProcIntegration:
    rule = visibility.rule(identity, AutoProcIntegration)
    check_visible("integration_id", AutoProcIntegration.autoProcIntegrationId, key, rule)
    return db.session.get_one(AutoProcIntegration, key)


def _find_link(data: dict) -> AutoProcIntegration | None:
    """The row that only links the same program to the same data collection, if it has one."""
    if "autoProcProgramId" not in data:
        return None
    model = AutoProcIntegration
    same = {name: data[name] for name in ("autoProcProgramId", "dataCollectionId")}
    statement = db.select(model).filter_by(**same, cell_a=None, startImageNumber=None)
    return db.session.scalars(statement.where(~model.links.any()).limit(1)).first()


COMMANDS = {
    "write_autoproc": write_autoproc,
    "insert_scaling": insert_scaling,
    "upsert_integration": upsert_integration,
    "register_integration": upsert_integration,
    "store_per_image_analysis_results": store_per_image_analysis_results,
}
