"""The MX sessions of the simulated facility: what was done in them, and how plausible it is."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image as Picture
from sqlalchemy import func, select

from demo import files
from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScalingStatistics,
    EnergyScan,
    Image,
    RobotAction,
    Screening,
    XFEFluorescenceSpectrum,
    XrayCentring,
)
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    BLSample,
    BLSampleImage,
    BLSession,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    ImageQualityIndicators,
)
from tests.demo.conftest import TODAY

MX = ("i03", "i04")


def everything(facility_, model):
    return facility_.scalars(select(model)).all()


def test_samples_came_in_a_shipment_of_their_proposal(facility_):
    samples = everything(facility_, BLSample)
    assert len(samples) > 100
    for sample in samples:
        if sample.support:  # of a serial experiment: prepared at the beamline
            continue
        dewar = sample.container.dewar
        assert dewar.shipping.proposalId == sample.crystal.protein.proposalId
        assert dewar.session.proposalId == dewar.shipping.proposalId
        assert int(sample.location) <= sample.container.capacity
        assert sample.plan == sample.crystal.plan


def test_every_used_session_has_all_kinds_of_events(facility_):
    used = select(BLSession).where(BLSession.usedFlag, BLSession.beamLineName.in_(MX))
    for session in facility_.scalars(used):
        groups = facility_.scalars(select(DataCollectionGroup).filter_by(session=session)).all()
        kinds = {group.experimentType for group in groups}
        assert kinds >= {"Mesh", "Characterization"} and kinds & {"OSC", "SAD"}
        loads = facility_.scalars(select(RobotAction).filter_by(session=session)).all()
        for event in (*groups, *loads):
            begin, end = (
                (event.startTimestamp, event.endTimestamp)
                if isinstance(event, RobotAction)
                else (event.startTime, event.endTime)
            )
            assert session.startDate < begin < end < session.endDate
        assert {group.blSampleId for group in groups} <= {load.blSampleId for load in loads}


def test_there_are_sessions_with_data_today(facility_):
    begin = func.date(BLSession.startDate) == TODAY.isoformat()
    today = facility_.scalars(select(BLSession).where(BLSession.usedFlag, begin)).all()
    assert {session.beamLineName for session in today} == set(MX)
    for session in today:
        found = select(DataCollection).filter_by(sessionId=session.sessionId)
        assert all(c.startTime.date() == TODAY for c in facility_.scalars(found))


def test_one_thing_at_a_time(facility_):
    for session in {group.session for group in everything(facility_, DataCollectionGroup)}:
        if session.beamLineName not in MX:
            continue
        found = select(DataCollection).filter_by(sessionId=session.sessionId)
        spans = [(c.startTime, c.endTime) for c in facility_.scalars(found)]
        actions = facility_.scalars(select(RobotAction).filter_by(session=session))
        spans += [(action.startTimestamp, action.endTimestamp) for action in actions]
        spans.sort()
        assert all(end <= begin for (_, end), (begin, _) in zip(spans, spans[1:]))


def test_some_things_fail(facility_):
    loads = Counter(action.status for action in everything(facility_, RobotAction))
    assert 0 < sum(loads.values()) - loads["SUCCESS"] < 0.15 * loads["SUCCESS"]
    centrings = everything(facility_, XrayCentring)
    for centring in centrings:
        assert bool(centring.results) is (centring.status == "success")
    assert 0 < sum(c.status == "failed" for c in centrings) < 0.3 * len(centrings)
    ends = Counter(program.processingStatus for program in everything(facility_, AutoProcProgram))
    assert 0 < ends[0] < 0.3 * ends[1] and 0 < ends[None] < ends[1]
    assert everything(facility_, EnergyScan) and everything(facility_, XFEFluorescenceSpectrum)


def test_every_rotation_was_processed_by_three_pipelines(facility_):
    stmt = select(AutoProcIntegration.dataCollectionId, AutoProcProgram.processingPrograms)
    found = {}
    for key, name in facility_.execute(stmt.join(AutoProcIntegration.program)):
        found.setdefault(key, set()).add(name)
    rotations = select(DataCollection.dataCollectionId).where(
        DataCollection.experimentType.in_(["OSC", "SAD"])
    )
    assert found.keys() == set(facility_.scalars(rotations))
    assert all(names == {"fast_dp", "xia2 dials", "autoPROC"} for names in found.values())


def test_programs_end_as_their_results_say(facility_):
    with_result = set(facility_.scalars(select(AutoProc.autoProcProgramId)))
    for program in everything(facility_, AutoProcProgram):
        assert (program.processingStatus == 1) is (program.autoProcProgramId in with_result)
        assert program.pipeline.discipline == "MX"
        said = {message.severity for message in program.messages}
        assert ("ERROR" in said) is (program.processingStatus == 0)
        assert bool(program.attachments) is (program.processingEndTime is not None)
        if program.processingEndTime:
            assert program.processingStartTime < program.processingEndTime


def test_statistics_are_plausible(facility_):
    shells = {}
    for row in everything(facility_, AutoProcScalingStatistics):
        shells.setdefault(row.autoProcScalingId, {})[row.scalingStatisticsType] = row
    assert len(shells) > 100
    for three in shells.values():
        overall, inner, outer = (three[n] for n in ("overall", "innerShell", "outerShell"))
        assert overall.resolutionLimitLow == inner.resolutionLimitLow
        assert overall.resolutionLimitHigh == outer.resolutionLimitHigh
        assert inner.resolutionLimitHigh > outer.resolutionLimitLow > outer.resolutionLimitHigh
        assert inner.rMerge < overall.rMerge < 0.2 < outer.rMerge < 2
        assert 1 > inner.ccHalf >= overall.ccHalf > 0.99 > outer.ccHalf > 0.3
        assert inner.meanIOverSigI > overall.meanIOverSigI > outer.meanIOverSigI > 1
        assert inner.nTotalUniqueObservations + outer.nTotalUniqueObservations < (
            overall.nTotalUniqueObservations
        )
        for row in three.values():
            assert 90 <= row.completeness <= 100 and 2 < row.multiplicity < 50
            assert row.rMerge <= row.rMeasAllIPlusIMinus and row.rPimAllIPlusIMinus < row.rMerge
            measured = row.nTotalObservations / row.nTotalUniqueObservations
            assert measured == pytest.approx(row.multiplicity, rel=0.1)


def test_results_fit_the_crystal(facility_):
    for row in everything(facility_, AutoProcIntegration):
        crystal = row.collection.group.sample.crystal
        if row.cell_a is None:
            assert not row.scalings
            continue
        assert row.cell_a == pytest.approx(crystal.cell_a, rel=0.02)
        (scaling,) = row.scalings
        assert scaling.autoproc.spaceGroup == crystal.spaceGroup
        assert scaling.autoproc.program == row.program
        assert row.endImageNumber == row.collection.numberOfImages


def test_screenings_are_whole_trees(facility_):
    screenings = everything(facility_, Screening)
    assert len(screenings) > 50
    for screening in screenings:
        assert screening.collection.numberOfImages == 3
        (output,) = screening.outputs
        assert len(output.lattices) == len(output.strategies) == output.indexingSuccess
        for strategy in output.strategies:
            assert [len(wedge.subwedges) for wedge in strategy.wedges] == [1]


def test_images_are_judged_within_their_collection(facility_):
    quality = ImageQualityIndicators
    stmt = select(func.count(), func.max(quality.imageNumber), DataCollection.numberOfImages)
    stmt = stmt.join(DataCollection, quality.dataCollectionId == DataCollection.dataCollectionId)
    found = facility_.execute(stmt.group_by(DataCollection.dataCollectionId)).all()
    assert len(found) > 20
    assert all(0.9 * images < last <= images for _, last, images in found)
    total = select(func.count()).select_from(quality)
    assert sum(count for count, _, _ in found) == facility_.scalar(total)


def test_a_grid_is_bright_where_its_crystal_is(facility_):
    seen = 0
    for centring in everything(facility_, XrayCentring):
        found = select(DataCollection).filter_by(group=centring.group)
        scans = facility_.scalars(found.order_by(DataCollection.dataCollectionId)).all()
        for scan, axis in zip(scans, "YZ"):
            images = select(ImageQualityIndicators).filter_by(
                dataCollectionId=scan.dataCollectionId
            )
            best = max(facility_.scalars(images), key=lambda image: image.spotTotal, default=None)
            if best is None or not centring.results:
                continue
            (grid,), (result,) = scan.grids, centring.results
            row, column = divmod(best.imageNumber - 1, int(grid.steps_x))
            column = grid.steps_x - 1 - column if row % 2 else column
            assert abs(column + 0.5 - result.centreOfMassX) < 2
            assert abs(row + 0.5 - getattr(result, f"centreOfMass{axis}")) < 2
            seen += 1
    assert seen > 20


def test_what_was_stopped_is_shorter(facility_):
    stopped = select(DataCollection).filter_by(runStatus="DataCollection Stopped")
    mx = stopped.filter(DataCollection.experimentType.in_(["OSC", "SAD"]))
    found = facility_.scalars(mx).all()
    assert found
    for collection in found:
        seconds = (collection.endTime - collection.startTime).total_seconds()
        assert collection.numberOfImages * collection.exposureTime < seconds
        assert 180 <= collection.axisEnd - collection.axisStart < 330


def test_only_the_last_samples_are_still_processed(facility_):
    going_on = select(AutoProcProgram).where(AutoProcProgram.processingStatus.is_(None))
    for program in facility_.scalars(going_on):
        collection = program.job.collection
        later = select(func.count(func.distinct(DataCollectionGroup.blSampleId))).where(
            DataCollectionGroup.sessionId == collection.sessionId,
            DataCollectionGroup.startTime > collection.endTime,
        )
        assert facility_.scalar(later) <= 1
        assert collection.startTime.date() == TODAY


def test_the_files_that_rows_name_are_there(facility_, filled):
    folder = filled[1]
    named = set()
    for model, columns in (
        (DataCollection, [f"xtalSnapshotFullPath{n}" for n in range(1, 5)]),
        (Image, ["jpegFileFullPath", "jpegThumbnailFileFullPath"]),
        (RobotAction, ["xtalSnapshotAfter"]),
        (EnergyScan, ["scanFileFullPath", "jpegChoochFileFullPath"]),
        (XFEFluorescenceSpectrum, ["scanFileFullPath", "jpegScanFileFullPath"]),
        (DataCollectionFileAttachment, ["fileFullPath"]),
        (BLSampleImage, ["imageFullPath"]),
    ):
        rows = everything(facility_, model)
        named |= {getattr(row, column) for row in rows for column in columns} - {None}
    for file in everything(facility_, AutoProcProgramAttachment):
        named.add(f"{file.filePath}/{file.fileName}")
    assert len(named) > 50
    for path in map(Path, named):
        assert path.is_relative_to(folder) and 0 < path.stat().st_size < 50_000
    there = [path for path in folder.rglob("*") if path.is_file()]
    assert {str(path) for path in there} >= named and len(there) < 200
    assert folder.stat().st_mode & 0o77 == 0


def test_pictures_are_pictures(tmp_path):
    folder = tmp_path / "files"
    assert files.write(folder) == sum(path.is_file() for path in folder.rglob("*"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in folder.rglob("*.jpeg"):
        with Picture.open(path) as picture:
            assert picture.size == (files.SMALL if path.stem.endswith("t") else (480, 360))
    files.write(folder)
    assert {path: path.read_bytes() for path in before} == before


def test_samples_are_measured_by_day(facility_):
    """Clocks are changed at night, and some times do not exist then."""
    for action in everything(facility_, RobotAction):
        assert timedelta(hours=4) <= action.startTimestamp - action.startTimestamp.replace(
            hour=0, minute=0, second=0
        )
