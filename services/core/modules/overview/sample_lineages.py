"""All that was measured on a sample: its data collections, their results and files.

It takes a constant number of statements. Of each kind of row there are the newest only.
"""

from collections import defaultdict

from sqlalchemy import CompoundSelect, bindparam, union

from services.core.modules.processing import programs
from services.core.modules.processing.result_tables import CELL
from services.core.schemas.beamline.energy_scans import EnergyScanSchema
from services.core.schemas.beamline.robot_actions import RobotActionSchema
from services.core.schemas.beamline.xrf_spectra import XrfSpectrumSchema
from services.core.schemas.overview.sample_lineages import (
    LineageCollectionSchema,
    LineageProgramSchema,
    LineageSampleSchema,
)
from services.core.schemas.processing.result_tables import ResultRowSchema
from shared import access, read, visibility
from shared.access import everything
from shared.access_processing import select_program_uses
from shared.execution import fetch
from shared.identity import Identity
from shared.schemas import TableSchema
from shared.statements import cache_statements

MOST_ROWS = 500  # data collections, robot actions, energy scans and spectra
MOST_PROGRAMS = 2_500  # runs on all of these data collections
SHELL = ("scalingStatisticsType", "resolutionLimitLow", "resolutionLimitHigh", "completeness")
RESULT = (
    "autoProcScalingId",
    *(f"AutoProc.{name}" for name in ("autoProcId", *CELL)),
    *(f"AutoProcScalingStatistics.{name}" for name in (*SHELL, "rMerge", "meanIOverSigI")),
    "AutoProc.AutoProcProgram.autoProcProgramId",
)
KINDS: dict[str, type[TableSchema]] = {
    "DataCollection": LineageCollectionSchema,
    "RobotAction": RobotActionSchema,
    "EnergyScan": EnergyScanSchema,
    "XFEFluorescenceSpectrum": XrfSpectrumSchema,
}


def get(identity: Identity, sample_id: int) -> dict:
    """A visible sample, and the rows of its measurements that the caller sees."""
    sample = read.one(LineageSampleSchema, access.samples(identity), blSampleId=sample_id)
    rows = {}
    for name, schema in KINDS.items():
        rule = visibility.rule(identity, schema.Meta.model)
        rows[name] = read.some(schema, rule, limit=MOST_ROWS + 1, blSampleId=sample_id)
    is_complete = all(len(each) <= MOST_ROWS for each in rows.values())
    rows = {name: each[:MOST_ROWS] for name, each in rows.items()}
    collections = rows.pop("DataCollection")
    runs, users = _list_programs(identity, [row["dataCollectionId"] for row in collections])
    return {
        "BLSample": sample,
        "DataCollectionGroup": _group(collections, users),
        "AutoProcProgram": runs[:MOST_PROGRAMS],
        **rows,
        "isComplete": is_complete and len(runs) <= MOST_PROGRAMS,
    }


def _list_programs(
    identity: Identity, collection_ids: list[int]
) -> tuple[list[dict], dict[int, list[int]]]:
    """The visible programs on data collections, and their keys by data collection."""
    pairs = fetch(_select_programs(), {"keys": collection_ids}) if collection_ids else []
    used = defaultdict(list)
    for program_id, collection_id in pairs:
        used[int(program_id)].append(int(collection_id))
    if not used:
        return [], {}
    keys, most = [*used], MOST_PROGRAMS + 1
    rule = programs.visible(identity)
    runs = read.some(LineageProgramSchema, rule, limit=most, autoProcProgramId__in=keys)
    results, users = defaultdict(list), defaultdict(list)
    keys = [run["autoProcProgramId"] for run in runs[:MOST_PROGRAMS]]
    for row in read.some(ResultRowSchema, everything(identity), RESULT, programs=keys):
        results[row["AutoProc"]["AutoProcProgram"]["autoProcProgramId"]].append(row)
    for run in runs:
        run["AutoProcScaling"] = results[run["autoProcProgramId"]]
    for key in keys:
        for collection_id in used[key]:
            users[collection_id].append(key)
    return runs, users


def _group(collections: list[dict], users: dict[int, list[int]]) -> list[dict]:
    """The groups of data collections, which have the keys of their programs."""
    groups: dict[int, dict] = {}
    for row in collections:
        group = row.pop("DataCollectionGroup")
        group = groups.setdefault(group["dataCollectionGroupId"], {**group, "DataCollection": []})
        program_ids = users.get(row["dataCollectionId"], [])
        group["DataCollection"].append({**row, "autoProcProgramIds": program_ids})
    return [*groups.values()]


@cache_statements(1)
def _select_programs() -> CompoundSelect:
    """The keys of programs, each with a data collection that it uses."""
    keys = bindparam("keys", expanding=True)
    return union(
        *(
            use.keys.add_columns(use.row.dataCollectionId).where(
                use.row.dataCollectionId.in_(keys)
            )
            for use in select_program_uses()
        )
    )
