"""The rows that experiments and their processing write, and those beside them."""

from collections.abc import Iterator

from bench.facility.plan import (
    BEGIN,
    DIRECTORY,
    EXPERIMENTS,
    HOUR,
    KINDS,
    PLANNED,
    PROGRAMS,
    SHELLS,
    SPACE_GROUPS,
    STATES,
    Load,
    Values,
    build_sample,
    build_time,
    pick,
)
from bench.facility.sizes import Size

GROUP = "dataCollectionGroupId"
GROUP_OF = f"JOIN DataCollectionGroup g ON g.{GROUP} = "
COLLECTION_OF = "JOIN DataCollection d ON d.dataCollectionId = "


def list_events(size: Size) -> Iterator[Load]:
    """The events of each session, eight hours long, in the order of time."""
    usual = {"groups_": 7, "actions": 2}
    for kind, build in zip(KINDS, (_groups, _screenings, _actions, _scans, _spectra)):
        most = usual.get(kind, 0)
        for session in (None, *size.event_sessions):
            place = "k.seq" if session is None else "(n.seq - 1)"
            key = f"s.first_{kind} + {place} + 1"
            table, values = build(key, place, f"s.start + {place} * FLOOR({8 * HOUR} / s.{kind})")
            if session is None:
                others = ", ".join(map(str, size.event_sessions))
                source = f"{PLANNED}n.seq JOIN {{{most}}} k ON k.seq < s.{kind}"
                where = f"n.seq NOT IN ({others})"
                yield Load(table, size.sessions, values, source, where)
            else:
                source = f"{PLANNED}{session} AND n.seq <= s.{kind}"
                yield Load(table, size.event_sessions[session], values, source)


def _groups(key: str, place: str, start: str) -> tuple[str, Values]:
    return "DataCollectionGroup", {
        GROUP: key,
        "sessionId": "s.sessionId",
        "blSampleId": build_sample("s", key),
        "experimentType": pick(EXPERIMENTS, key),
        "startTime": build_time(start),
        "endTime": build_time(f"{start} + 60"),
        "comments": f"CASE ({key}) % 10 WHEN 0 THEN 'ice rings' END",
        "actualSampleBarcode": f"CONCAT('HA', {build_sample('s', key)})",
    }


def _screenings(key: str, place: str, start: str) -> tuple[str, Values]:
    return "Screening", {
        "screeningId": key,
        GROUP: f"s.first_groups_ + {place} + 1",
        "programVersion": "'EDNA MXv1'",
        "shortComments": "'OK'",
        "bltimeStamp": build_time(start),
    }


def _actions(key: str, place: str, start: str) -> tuple[str, Values]:
    return "RobotAction", {
        "robotActionId": key,
        "blsessionId": "s.sessionId",
        "blsampleId": build_sample("s", key),
        "startTimestamp": build_time(start),
        "endTimestamp": build_time(f"{start} + 20"),
        "actionType": pick(("LOAD", "UNLOAD"), key),
        "status": pick((*["SUCCESS"] * 9, "ERROR"), key),
        "message": "'done'",
        "sampleBarcode": f"CONCAT('HA', {build_sample('s', key)})",
    }


def _scans(key: str, place: str, start: str) -> tuple[str, Values]:
    return "EnergyScan", {
        "energyScanId": key,
        "sessionId": "s.sessionId",
        "blSampleId": build_sample("s", key),
        "element": pick(("Se", "Zn"), key),
        "edgeEnergy": "'K'",
        "peakEnergy": 12.66,
        "scanFileFullPath": f"CONCAT({DIRECTORY}, '/scan', {key}, '.raw')",
        "startTime": build_time(start),
        "endTime": build_time(f"{start} + 20"),
    }


def _spectra(key: str, place: str, start: str) -> tuple[str, Values]:
    return "XFEFluorescenceSpectrum", {
        "xfeFluorescenceSpectrumId": key,
        "sessionId": "s.sessionId",
        "blSampleId": build_sample("s", key),
        "energy": 13.1,
        "filename": f"CONCAT('spectrum', {key}, '.h5')",
        "scanFileFullPath": f"CONCAT({DIRECTORY}, '/xrf', {key}, '.raw')",
        "startTime": build_time(start),
        "endTime": build_time(f"{start} + 20"),
    }


def list_collections(size: Size) -> Iterator[Load]:
    """Two data collections of each group, with their images."""
    groups = size.groups
    key, directory = "(n.seq - 1) * 2 + k.seq + 1", f"CONCAT({DIRECTORY}, '/', g.{GROUP})"
    picture = f"CONCAT({DIRECTORY}, '/', g.{GROUP}, '/snapshot{{}}.jpeg')"
    yield Load(
        "DataCollection",
        groups,
        {
            "dataCollectionId": key,
            GROUP: f"g.{GROUP}",
            "SESSIONID": "g.sessionId",
            "BLSAMPLEID": "g.blSampleId",
            "detectorId": "s.beamLineSetupId % 8 + 1",
            "dataCollectionNumber": "k.seq + 1",
            "startTime": "g.startTime",
            "endTime": "g.endTime",
            "runStatus": pick(STATES, key),
            "axisStart": 0,
            "axisEnd": 180,
            "axisRange": 0.1,
            "overlap": 0,
            "numberOfImages": "CASE k.seq WHEN 0 THEN 4 ELSE 1800 END",
            "startImageNumber": 1,
            "numberOfPasses": 1,
            "exposureTime": 0.005,
            "imageDirectory": directory,
            "imagePrefix": "CONCAT('x', g.blSampleId)",
            "imageSuffix": "'h5'",
            "fileTemplate": "CONCAT('x', g.blSampleId, '_', k.seq + 1, '_%06d.h5')",
            "wavelength": 0.9763,
            "resolution": "1.2 + n.seq % 20 * 0.1",
            "detectorDistance": 180.5,
            "xBeam": 1555.2,
            "yBeam": 1622.8,
            "transmission": 20,
            "flux": 1e12,
            "rotationAxis": "'Omega'",
            "omegaStart": 0,
            "kappaStart": 0,
            "phiStart": 12,
            "synchrotronMode": "'uniform'",
            "beamSizeAtSampleX": 0.05,
            "beamSizeAtSampleY": 0.05,
            **{f"xtalSnapshotFullPath{n}": picture.format(n) for n in (1, 2)},
            "comments": f"CASE ({key}) % 10 WHEN 0 THEN 'crystal moved' END",
        },
        f"{GROUP_OF}n.seq JOIN BLSession s ON s.sessionId = g.sessionId CROSS JOIN {{1}} k",
    )
    yield Load(
        "Image",
        2 * groups,
        {
            "imageId": "(n.seq - 1) * 2 + k.seq + 1",
            "dataCollectionId": "n.seq",
            "imageNumber": "k.seq + 1",
            "fileName": "CONCAT('image', n.seq, '_', k.seq + 1, '.h5')",
            "fileLocation": "CONCAT('/data/images/', n.seq)",
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
        "CROSS JOIN {1} k",
    )


def list_results(size: Size) -> Iterator[Load]:
    """Two results for three data collections; each fiftieth uses a second one.

    Of every two hundredth, that is a data collection of another session.
    """
    collections = 2 * size.groups
    results, second = collections * 2 // 3, collections * 2 // 3 // 50
    collection = "FLOOR((n.seq - 1) * 3 / 2) + 1"
    yield Load(
        "AutoProcProgram",
        results,
        {
            "autoProcProgramId": "n.seq",
            "processingPrograms": pick(PROGRAMS, "n.seq"),
            "processingPipelineId": "n.seq % 5 + 1",
            "processingCommandLine": "'process -I /data/raw -d /data/processed'",
            "processingStatus": "CASE n.seq % 17 WHEN 0 THEN 0 ELSE 1 END",
            "processingMessage": "'processing finished'",
            "processingJobId": f"CASE ({collection}) % 10 WHEN 1"
            f" THEN FLOOR(({collection} - 1) / 10) + 1 END",
            "processingStartTime": "d.endTime",
            "processingEndTime": "d.endTime",
            "recordTimeStamp": "d.endTime",
        },
        f"{COLLECTION_OF}{collection}",
    )
    yield Load(
        "AutoProc",
        results,
        {
            "autoProcId": "n.seq",
            "autoProcProgramId": "n.seq",
            "spaceGroup": pick(SPACE_GROUPS, "n.seq"),
            "refinedCell_a": 78.2,
            "refinedCell_b": 78.2,
            "refinedCell_c": 37.1,
            "refinedCell_alpha": 90,
            "refinedCell_beta": 90,
            "refinedCell_gamma": 90,
            "recordTimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    scaling = {"autoProcScalingId": "n.seq", "autoProcId": "n.seq"}
    yield Load("AutoProcScaling", results, {**scaling, "recordTimeStamp": build_time(f"{BEGIN}")})
    cell: Values = {f"cell_{name}": 78.2 for name in "abc"}
    cell |= {f"cell_{name}": 90 for name in ("alpha", "beta", "gamma")}
    cell |= {"startImageNumber": 1, "endImageNumber": 1800, "anomalous": 0}
    cell["recordTimeStamp"] = build_time(f"{BEGIN}")
    yield Load(
        "AutoProcIntegration",
        results,
        {
            "autoProcIntegrationId": "n.seq",
            "dataCollectionId": collection,
            "autoProcProgramId": "n.seq",
            **cell,
        },
    )
    after = (
        f"FLOOR((n.seq * 50 - 1) * 3 / 2) + CASE n.seq % 4 WHEN 0 THEN {collections // 7} ELSE 2"
    )
    yield Load(
        "AutoProcIntegration",
        second,
        {
            "autoProcIntegrationId": f"{results} + n.seq",
            "dataCollectionId": f"({after} END - 1) % {collections} + 1",
            "autoProcProgramId": "n.seq * 50",
            **cell,
        },
    )
    for number, first, program in (
        (results, "", "n.seq"),
        (second, f"{results} + ", "n.seq * 50"),
    ):
        yield Load(
            "AutoProcScaling_has_Int",
            number,
            {
                "autoProcScaling_has_IntId": f"{first}n.seq",
                "autoProcScalingId": program,
                "autoProcIntegrationId": f"{first}n.seq",
                "recordTimeStamp": build_time(f"{BEGIN}"),
            },
        )
    yield Load(
        "AutoProcScalingStatistics",
        results,
        {
            "autoProcScalingStatisticsId": "(n.seq - 1) * 3 + k.seq + 1",
            "autoProcScalingId": "n.seq",
            "scalingStatisticsType": pick(SHELLS, "k.seq"),
            "resolutionLimitLow": 39.1,
            "resolutionLimitHigh": "1.2 + n.seq % 20 * 0.1",
            "rMerge": "0.03 + n.seq % 50 * 0.002",
            "rMeasAllIPlusIMinus": 0.055,
            "rPimAllIPlusIMinus": 0.02,
            "nTotalObservations": 412000,
            "nTotalUniqueObservations": 38000,
            "meanIOverSigI": 18.2,
            "completeness": 99.1,
            "multiplicity": 12.2,
            "ccHalf": 0.999,
            "anomalous": 0,
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
        "CROSS JOIN {2} k",
    )
    yield Load(
        "AutoProcProgramAttachment",
        results,
        {
            "autoProcProgramAttachmentId": "(n.seq - 1) * 3 + k.seq + 1",
            "autoProcProgramId": "n.seq",
            "fileType": pick(("Log", "Result", "Graph"), "k.seq"),
            "fileName": pick(("process.log", "truncate.mtz", "report.html"), "k.seq"),
            "filePath": "CONCAT('/data/processed/', n.seq)",
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
        "CROSS JOIN {2} k",
    )
    yield Load(
        "AutoProcProgramMessage",
        results // 10,
        {
            "autoProcProgramMessageId": "n.seq",
            "autoProcProgramId": "n.seq * 10",
            "severity": "'WARNING'",
            "message": "'Possible ice rings'",
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
    )
    yield Load(
        "AutoProcStatus",
        results // 10,
        {
            "autoProcStatusId": "n.seq",
            "autoProcIntegrationId": "n.seq * 10",
            "step": "'Indexing'",
            "status": "'Successful'",
            "bltimeStamp": build_time(f"{BEGIN}"),
        },
    )


def list_details(size: Size) -> Iterator[Load]:
    """Rows beside some of the data collections and screenings."""
    groups, collections = size.groups, 2 * size.groups
    yield Load(
        "ProcessingJob",
        (collections + 9) // 10,
        {
            "processingJobId": "n.seq",
            "dataCollectionId": "(n.seq - 1) * 10 + 1",
            "displayName": "'reprocessing'",
            "recipe": "'autoprocessing'",
            "automatic": 1,
            "recordTimestamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "ProcessingPipeline",
        5,
        {
            "processingPipelineId": "n.seq",
            "name": pick(PROGRAMS, "n.seq"),
            "discipline": "'MX'",
            "pipelineStatus": "'automatic'",
        },
    )
    yield Load(
        "GridInfo",
        groups // 10,
        {
            "gridInfoId": "n.seq",
            "dataCollectionId": "n.seq * 20",
            GROUP: "n.seq * 10",
            "dx_mm": 0.02,
            "dy_mm": 0.02,
            "steps_x": 10,
            "steps_y": 12,
            "orientation": "'horizontal'",
            "snaked": 1,
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
    )
    yield Load(
        "XrayCentring",
        groups // 20,
        {
            "xrayCentringId": "n.seq",
            GROUP: "n.seq * 20",
            "status": pick(("success", "failed"), "n.seq"),
            "xrayCentringType": pick(("2d", "3d"), "n.seq"),
        },
    )
    yield Load(
        "XRFFluorescenceMappingROI",
        10,
        {
            "xrfFluorescenceMappingROIId": "n.seq",
            "startEnergy": 8,
            "endEnergy": 9,
            "element": "'Zn'",
            "edge": "'K'",
        },
    )
    yield Load(
        "XRFFluorescenceMapping",
        groups // 100,
        {
            "xrfFluorescenceMappingId": "n.seq",
            "xrfFluorescenceMappingROIId": "n.seq % 10 + 1",
            "gridInfoId": "n.seq * 10",
            "dataFormat": "'json'",
            "data": "'[1, 2, 3]'",
            "opacity": 1,
            "points": 3,
        },
    )
    yield Load(
        "DataCollectionComment",
        collections // 50,
        {
            "dataCollectionCommentId": "n.seq",
            "dataCollectionId": "n.seq * 50",
            "personId": "n.seq % 50 + 1",
            "comments": "'a good crystal'",
            "createTime": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "DataCollectionFileAttachment",
        collections // 20,
        {
            "dataCollectionFileAttachmentId": "n.seq",
            "dataCollectionId": "n.seq * 20",
            "fileFullPath": "CONCAT('/data/logs/', n.seq, '.log')",
            "fileType": "'log'",
            "createTime": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "ImageQualityIndicators",
        collections // 500,
        {
            "dataCollectionId": "n.seq * 500",
            "imageNumber": "k.seq + 1",
            "spotTotal": "(n.seq + k.seq) % 300",
            "goodBraggCandidates": "(n.seq + k.seq) % 200",
            "method1Res": 1.8,
            "method2Res": 1.9,
            "totalIntegratedSignal": 20000,
            "dozor_score": 30,
        },
        "CROSS JOIN {99} k",
    )
    screened = "JOIN Screening c ON c.screeningId = n.seq"
    screenings = size.sessions + sum(size.events)  # more than there are
    yield Load(
        "ScreeningOutput",
        screenings,
        {
            "screeningOutputId": "n.seq",
            "screeningId": "n.seq",
            "program": "'MOSFLM'",
            "mosaicity": 0.3,
            "resolutionObtained": 1.8,
            **{f"{step}Success": 1 for step in ("indexing", "strategy", "alignment")},
            "mosaicityEstimated": 1,
        },
        screened,
    )
    yield Load(
        "ScreeningOutputLattice",
        screenings,
        {
            "screeningOutputLatticeId": "n.seq",
            "screeningOutputId": "n.seq",
            "spaceGroup": pick(SPACE_GROUPS, "n.seq"),
            "unitCell_a": 78.2,
            "unitCell_b": 78.2,
            "unitCell_c": 37.1,
            "bltimeStamp": build_time(f"{BEGIN}"),
        },
        screened,
    )
    yield Load(
        "ScreeningStrategy",
        screenings,
        {
            "screeningStrategyId": "n.seq",
            "screeningOutputId": "n.seq",
            "program": "'BEST'",
            "phiStart": 0,
            "phiEnd": 90,
            "rotation": 0.1,
            "exposureTime": 0.01,
            "resolution": 1.6,
            "anomalous": 0,
        },
        screened,
    )
