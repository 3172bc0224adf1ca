"""Runs of processing programs and their results as objects of MXLIMS messages."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select

from services.core.modules.shipping.mxlims_plans import CELL
from services.core.modules.shipping.mxlims_validation import get_space_groups
from services.core.modules.shipping.mxlims_writer import (
    MessageWriter,
    is_positive,
    make_link,
    write_moment,
)
from shared import access_processing
from shared.db import db
from shared.identity import Identity
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcScaling,
    AutoProcScalingStatistics,
    DataCollection,
)

# The uuid, data collection and sample of sweeps, by the keys of data collections.
Sweeps = dict[int, tuple[str, DataCollection, int]]
STATISTICS = {
    "numberObservations": "nTotalObservations",
    "numberObservationsUnique": "nTotalUniqueObservations",
    "R_merge": "rMerge",
    "R_meas": "rMeasAllIPlusIMinus",
    "R_pim": "rPimAllIPlusIMinus",
    "I_over_SigI": "meanIOverSigI",
    "Completeness": "completeness",
    "Redundancy": "multiplicity",
    "CompletenessAno": "anomalousCompleteness",
    "RedundancyAno": "anomalousMultiplicity",
}
# Of -1 to 1; the published schemas allow -1 only, so that these are extensions.
CORRELATIONS = {"CC_one_half": "ccHalf", "CC_ano": "ccAnomalous"}
STATUSES = ("Failed", "Completed")  # by processingStatus
FILES = (".mtz", ".hkl")


def add_processing(identity: Identity, writer: MessageWriter, sweeps: Sweeps) -> None:
    """Add the runs of programs that integrated sweeps, with their results."""
    rule = access_processing.programs(identity)
    statement = (
        select(AutoProcProgram, AutoProcIntegration.dataCollectionId)
        .join(
            AutoProcIntegration,
            AutoProcIntegration.autoProcProgramId == AutoProcProgram.autoProcProgramId,
        )
        .where(AutoProcIntegration.dataCollectionId.in_([*sweeps]), rule.condition)
        .order_by(AutoProcProgram.autoProcProgramId, AutoProcIntegration.autoProcIntegrationId)
    )
    inputs: dict[int, list[int]] = defaultdict(list)
    programs = {}
    for program, collection_id in db.session.execute(statement, rule.values):
        programs[program.autoProcProgramId] = program
        inputs[program.autoProcProgramId].append(collection_id)
    results, files = _read_results([*programs]), _read_files([*programs])
    for key, program in programs.items():
        _, collection, sample_id = sweeps[inputs[key][0]]
        links, wavelength = writer.get_links(sample_id), collection.wavelength
        status = program.processingStatus
        members = {
            "programName": program.processingPrograms,
            "startTime": write_moment(program.processingStartTime),
            "endTime": write_moment(program.processingEndTime),
            "jobStatus": STATUSES[status] if status in (0, 1) else "Running",
            "inputDataRefs": [make_link(sweeps[each][0]) for each in dict.fromkeys(inputs[key])],
            **links,
        }
        uuid = writer.add("MxProcessing", "AutoProcProgram", key, members)
        for result, scaling, shells in results[key]:
            reflections = {
                "sourceRef": make_link(uuid),
                "logisticalSampleRef": links["logisticalSampleRef"],
                "wavelengths": [wavelength] if is_positive(wavelength) else None,
                **files.get(key, {}),
                **_build_reflections(writer.domain, result, shells),
            }
            number = scaling.autoProcScalingId
            writer.add("ReflectionSet", "AutoProcScaling", number, reflections)


def _read_results(program_ids: list[int]) -> dict[int | None, list[tuple]]:
    """The results of programs, each with a scaling and its statistics by shell."""
    statement = (
        select(AutoProc, AutoProcScaling, AutoProcScalingStatistics)
        .join(AutoProcScaling, AutoProcScaling.autoProcId == AutoProc.autoProcId)
        .outerjoin(
            AutoProcScalingStatistics,
            AutoProcScalingStatistics.autoProcScalingId == AutoProcScaling.autoProcScalingId,
        )
        .where(AutoProc.autoProcProgramId.in_(program_ids))
        .order_by(AutoProcScaling.autoProcScalingId)
    )
    results: dict[int | None, dict[int, tuple]] = defaultdict(dict)
    for result, scaling, row in db.session.execute(statement) if program_ids else ():
        scalings = results[result.autoProcProgramId]
        _, _, shells = scalings.setdefault(scaling.autoProcScalingId, (result, scaling, {}))
        if row is not None:
            shells[row.scalingStatisticsType] = row
    return defaultdict(list, {key: [*each.values()] for key, each in results.items()})


def _read_files(program_ids: list[int]) -> dict[int, dict]:
    """The first file with reflections of each program."""
    row = AutoProcProgramAttachment
    statement = select(row.autoProcProgramId, row.filePath, row.fileName).where(
        row.autoProcProgramId.in_(program_ids), row.fileType == "Result"
    )
    statement = statement.order_by(row.autoProcProgramAttachmentId.desc())
    return {
        key: {"path": path, "filename": name}
        for key, path, name in (db.session.execute(statement) if program_ids else ())
        if name and name.lower().endswith(FILES)
    }


def _build_reflections(domain: str, result: AutoProc, shells: dict[str, Any]) -> dict:
    """The members of a set of reflections that a result and its statistics have."""
    cell = {edge: getattr(result, f"refinedCell_{edge}") for edge in CELL}
    members: dict[str, Any] = (
        {"refinedUnitCell": cell} if all(map(is_positive, cell.values())) else {}
    )
    if result.spaceGroup in get_space_groups():
        members["spaceGroupName"] = result.spaceGroup
    statistics = {shell: _build_statistics(row) for shell, row in shells.items()}
    if overall := statistics.get("overall"):
        members["reflectionStatisticsOverall"] = overall
        members["operationalResolution"] = overall["resolutionLimits"][1]
        members["numberReflections"] = shells["overall"].nTotalObservations
        members["numberReflectionsUnique"] = shells["overall"].nTotalUniqueObservations
    outer = [statistics.get(shell) for shell in ("innerShell", "outerShell")]
    members["reflectionStatisticsShells"] = [each for each in outer if each] or None
    correlations = {
        name: {
            shell: getattr(row, column)
            for shell, row in shells.items()
            if getattr(row, column) is not None
        }
        for name, column in CORRELATIONS.items()
    }
    if any(correlations.values()):
        members["extensions"] = {domain: {n: v for n, v in correlations.items() if v}}
    return members


def _build_statistics(row: AutoProcScalingStatistics) -> dict | None:
    """The statistics of a shell; None without the limits that messages require."""
    limits = [row.resolutionLimitLow, row.resolutionLimitHigh]
    if None in limits:
        return None
    values = {name: getattr(row, column) for name, column in STATISTICS.items()}
    return {
        "resolutionLimits": limits,
        **{name: value for name, value in values.items() if _is_allowed(name, value)},
    }


def _is_allowed(name: str, value: Any) -> bool:
    if value is None or name.startswith("number"):
        return is_positive(value)
    least, most = (0, 100) if name.startswith("Completeness") else (0, value)
    return name == "I_over_SigI" or least <= value <= most
